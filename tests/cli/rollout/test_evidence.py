import pytest

from tests.support.rollout_objects import metric, rollout, running, status, stored_status
from turnout.cli.rollout.evidence import UnknownMetricError, explained, reports
from turnout.rollout.explain import reports as made

TOLD = {**rollout(), "status": status()}


def test_all_numbers_of_a_metric_are_shown() -> None:
    header, errors, *_ = explained(TOLD)
    assert header.split()[:5] == ["METRIC", "STABLE", "CANDIDATE", "COUNTED", "RATIO"]
    assert errors.split() == [
        "errors",
        "9/2810",
        "1/312",
        "9+1",
        "1.14",
        "[0.55,",
        "2.3]",
        "e=0.4/300",
        "e=2/20",
        "Running",
    ]


def test_what_a_metric_is_held_against_is_said() -> None:
    assert any(line.startswith("errors: aborts when e reaches 300 ") for line in explained(TOLD))


def test_one_metric_can_be_asked_for() -> None:
    lines = list(explained(TOLD, "ttft-slo"))
    assert any(line.startswith("ttft-slo") for line in lines)
    assert not any(line.startswith("errors") for line in lines)


def test_a_metric_that_is_not_there_is_named_beside_those_that_are() -> None:
    with pytest.raises(UnknownMetricError, match=r'metric "tpot" not found \(the rollout has: errors, ttft-slo\)'):
        list(explained(TOLD, "tpot"))


def test_before_anything_is_measured_that_is_said() -> None:
    assert list(explained(rollout())) == ["Nothing has been measured yet."]


def test_the_conditions_that_judge_are_shown() -> None:
    conditions = [
        {"type": "WeightsVerified", "status": "False", "reason": "SampleRatioMismatch", "message": "e=900"},
        {"type": "Paused", "status": "True", "reason": "SampleRatioMismatch", "message": "e=900"},
    ]
    lines = list(explained({**rollout(), "status": status(conditions=conditions)}))
    assert lines[-1].split() == ["WeightsVerified", "False", "SampleRatioMismatch", "e=900"]
    assert not any(line.startswith("Paused") for line in lines)


def test_a_metric_of_another_shape_keeps_its_name() -> None:
    odd = {"name": "new", "stable": {"n": "many"}, "eValue": "x"}
    (one,) = reports({**rollout(), "status": status(analysis={"metrics": [odd, "x"]})})
    assert (one.name, one.phase) == ("new", "Unreadable")


def test_fields_that_a_later_version_adds_are_passed_over() -> None:
    (one,) = reports({**rollout(), "status": status(analysis={"metrics": [metric("errors", (9, 1), later=[1])]})})
    assert (one.stable.miss, one.phase) == (9, "Running")


def test_what_the_engine_reports_is_read_back_equal() -> None:
    state = running()
    told = stored_status(state)
    assert reports({"status": told}) == made(state)
    assert [one.name for one in made(state)] == ["errors", "broken-streams", "ttft"]
