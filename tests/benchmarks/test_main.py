"""How a run goes on with what a file has."""

from pathlib import Path

import msgspec
import pytest

from benchmarks.__main__ import _begun, _measure
from benchmarks.bench import Bench, Row
from benchmarks.cases import CASES
from benchmarks.processes import FailedError
from benchmarks.report import Run


def _bench(folder: Path, rounds: int = 1, version: str = "1") -> Bench:
    bench = Bench(folder, folder, rounds, 1.0, [])
    bench.versions["turnout"] = version
    return bench


def _memory(bench: Bench) -> list[Row]:
    return [Row("turnout", {"KB/stream": [float(bench.rounds)]})]


def _failing(bench: Bench) -> list[Row]:
    raise FailedError("why")


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run's file that has case g."""
    monkeypatch.setitem(CASES, "g", ("memory", _memory))
    monkeypatch.setitem(CASES, "c", ("streams", _failing))
    bench, out = _bench(tmp_path), tmp_path / "new" / "run.json"
    assert _measure(bench, _begun(out, bench), "g", out)
    return out


def test_a_case_is_on_disk_once_it_is_measured(out: Path) -> None:
    assert list(msgspec.json.decode(out.read_bytes(), type=Run).cases) == ["g"]
    assert "| turnout | 1.00 [1.00, 1.00] |" in out.with_suffix(".md").read_text()


def test_a_run_goes_on_with_the_cases_of_its_file(out: Path, tmp_path: Path) -> None:
    assert list(_begun(out, _bench(tmp_path)).cases) == ["g"]


def test_a_case_that_fails_leaves_those_that_were_measured(out: Path, tmp_path: Path) -> None:
    bench = _bench(tmp_path)
    assert not _measure(bench, _begun(out, bench), "c", out)
    assert list(msgspec.json.decode(out.read_bytes(), type=Run).cases) == ["g"]


@pytest.mark.parametrize(("rounds", "version"), [(2, "1"), (1, "2")])
def test_a_file_of_other_settings_or_of_another_version_is_refused(
    out: Path, tmp_path: Path, rounds: int, version: str
) -> None:
    with pytest.raises(FailedError, match="another"):
        _begun(out, _bench(tmp_path, rounds, version))
