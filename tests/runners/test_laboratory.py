from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from turnout.judge.sampling import binomial_interval
from turnout.runners.laboratory.__main__ import main
from turnout.runners.laboratory.play import Stage
from turnout.runners.laboratory.studies import ALPHA, fixed, null_study, ramp
from turnout.runners.laboratory.traffic import Traffic


def test_candidates_that_are_no_worse_are_promoted() -> None:
    """A small A/A over every kind of traffic: the full one is `python -m turnout.runners.laboratory aa`."""
    together = list(null_study(48, seed=3, spec=ramp(samples=10, seconds=40)))[-1]
    assert together.rollouts == 48
    assert binomial_interval(together.aborted, together.rollouts, 0.01).low <= ALPHA
    assert together.ends["Promoted/RolloutCompleted"] >= 44


@pytest.mark.parametrize("metric", ["errors", "ttft"])
def test_a_candidate_five_times_worse_is_caught(metric: str) -> None:
    harm = Traffic(
        rate=20.0,
        errors_times=5.0 if metric == "errors" else 1.0,
        ttft_times=5.0 if metric == "ttft" else 1.0,
    )
    for seed in range(4):
        played = Stage(fixed(25, metric), harm, seed).play(4000, 2.0)
        assert (played.stage, played.reason, played.metric) == ("Aborted", "AnalysisFailed", metric)
        assert played.events < 120


def test_the_same_seed_gives_the_same_rollout() -> None:
    plan = ramp(samples=5, seconds=20)
    first = Stage(plan, Traffic(heavy=0.08), 5)
    second = Stage(plan, Traffic(heavy=0.08), 5)
    assert first.play(600, 5.0) == second.play(600, 5.0)
    assert first.log == second.log


def test_a_heavy_key_is_named() -> None:
    stage = Stage(fixed(10, "errors"), Traffic(heavy=0.08), 1)
    stage.play(120, 5.0)
    assert any(one.key == "heavy" for one in stage.state.load.keys[:1])


def test_the_study_prints_its_table_and_writes_its_numbers(tmp_path: Path) -> None:
    path = tmp_path / "aa.json"
    result = CliRunner().invoke(main, ["aa", "--rollouts", "8", "--json", str(path)])
    assert result.exit_code == 0, result.output
    assert "together" in result.output
    assert msgspec.json.decode(path.read_bytes())[-1]["rollouts"] == 8
