"""From what the clients saw to what the report says."""

import pytest

from turnout.runners.demo.report import Mark, Sample, summarise
from turnout.runners.demo.scenario import Step

STEPS = (Step((90, 10), 1.0, "a tenth"), Step((0, 100), 1.0, "all"), Step((100, 0), 1.0, "back"))
MARKS = (Mark(0.0, 0.1), Mark(10.0, 10.1), Mark(20.0, 20.1))


def sample(
    sent: float, pool: str, *, lasts: float = 0.1, stream: bool = False, error: str = "", broken: bool = False
) -> Sample:
    return Sample(sent, sent + lasts, pool, stream, error, broken, 0.05 if stream else None)


def steady() -> list[Sample]:
    tenth = [sample(1.0 + n / 100, "llm-new" if n % 10 == 0 else "llm") for n in range(100)]
    everything = [sample(11.0 + n / 100, "llm-new") for n in range(50)]
    back = [sample(20.03, "llm-new"), sample(20.04, "llm"), *(sample(21.0 + n / 100, "llm") for n in range(50))]
    return [*tenth, *everything, *back]


def test_requests_are_counted_against_the_weights_in_force_when_they_were_sent() -> None:
    report = summarise("x", STEPS, MARKS, steady())

    assert [step.requests for step in report.steps] == [(90, 10), (0, 50), (50, 0)]
    assert [step.deviation for step in report.steps] == pytest.approx([0, 0, 0])


def test_requests_between_a_write_and_its_effect_count_for_no_step() -> None:
    report = summarise("x", STEPS, MARKS, [*steady(), sample(10.05, "llm")])

    assert report.steps[1].requests == (0, 50)
    assert report.requests == len(steady()) + 1


def test_the_deviation_is_in_requests_of_the_candidate() -> None:
    report = summarise("x", STEPS, MARKS, [*steady(), sample(2.5, "llm-new"), sample(2.6, "llm-new")])

    assert report.steps[0].deviation == pytest.approx(12 - 10.2)


def test_first_effect_and_last_old_count_from_the_write_of_the_rollback() -> None:
    report = summarise("x", STEPS, MARKS, steady())

    assert (report.first_effect_ms, report.last_old_ms) == (40.0, 30.0)


def test_streams_open_on_the_old_pool_at_the_rollback_are_counted() -> None:
    streams = [sample(19.5, "llm-new", lasts=3.0, stream=True), sample(19.0, "llm-new", lasts=0.5, stream=True)]

    assert summarise("x", STEPS, MARKS, [*steady(), *streams]).streams_open_at_rollback == 1


def test_a_whole_walk_without_errors_is_rolled_back() -> None:
    assert summarise("x", STEPS, MARKS, steady()).result == "RolledBack"


@pytest.mark.parametrize("bad", [sample(2.5, "llm", error="502"), sample(2.5, "llm", stream=True, broken=True)])
def test_one_error_or_broken_stream_fails_the_demo(bad: Sample) -> None:
    assert summarise("x", STEPS, MARKS, [*steady(), bad]).result == "Failed"


def test_a_walk_that_did_not_reach_its_last_step_failed() -> None:
    assert summarise("x", STEPS, MARKS[:2], steady()).result == "Failed"
