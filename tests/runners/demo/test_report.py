"""From what the clients saw to what the report says."""

import pytest

from turnout.runners.demo.report import Ending, Mark, Report, Sample, summarise, total
from turnout.runners.demo.scenario import Pools

POOLS = Pools("llm", "llm-new")
MARKS = (Mark((90, 10), 0.0, 0.1), Mark((0, 100), 10.0, 10.1), Mark((100, 0), 20.0, 20.1))
GOOD = Ending("RolledBack", expected=True)


def sample(
    sent: float, pool: str, *, lasts: float = 0.1, stream: bool = False, error: str = "", broken: bool = False
) -> Sample:
    return Sample(sent, sent + lasts, pool, stream, error, broken, 0.05 if stream else None)


def steady() -> list[Sample]:
    tenth = [sample(1.0 + n / 100, "llm-new" if n % 10 == 0 else "llm") for n in range(100)]
    everything = [sample(11.0 + n / 100, "llm-new") for n in range(50)]
    back = [sample(20.03, "llm-new"), sample(20.04, "llm"), *(sample(21.0 + n / 100, "llm") for n in range(50))]
    return [*tenth, *everything, *back]


def report(*more: Sample, marks: tuple[Mark, ...] = MARKS, ending: Ending = GOOD) -> Report:
    return summarise("x", POOLS, marks, [*steady(), *more], ending)


def test_requests_are_counted_against_the_weights_in_force_when_they_were_sent() -> None:
    steps = report().steps

    assert [step.requests for step in steps] == [(90, 10), (0, 50), (50, 0)]
    assert [step.deviation for step in steps] == pytest.approx([0, 0, 0])


def test_requests_between_a_decision_and_its_effect_count_for_no_step() -> None:
    seen = report(sample(10.05, "llm"))

    assert seen.steps[1].requests == (0, 50)
    assert seen.requests == len(steady()) + 1


def test_the_deviation_is_in_requests_of_the_candidate() -> None:
    seen = report(sample(2.5, "llm-new"), sample(2.6, "llm-new"))

    assert seen.steps[0].deviation == pytest.approx(12 - 10.2)


def test_first_effect_and_last_old_count_from_the_decision_of_the_rollback() -> None:
    seen = report()

    assert (seen.first_effect_ms, seen.last_old_ms) == (40.0, 30.0)


def test_a_walk_that_does_not_go_back_has_no_rollback_times() -> None:
    assert report(marks=MARKS[:2]).first_effect_ms is None


def test_streams_open_on_the_candidate_at_the_rollback_are_counted() -> None:
    streams = [sample(19.5, "llm-new", lasts=3.0, stream=True), sample(19.0, "llm-new", lasts=0.5, stream=True)]

    assert report(*streams).streams_open_at_rollback == 1


def test_an_expected_end_without_harm_to_stable_passes() -> None:
    assert report(sample(2.5, "llm-new", error="500")).passed


@pytest.mark.parametrize("bad", [sample(2.5, "llm", error="502"), sample(2.5, "llm", stream=True, broken=True)])
def test_one_error_of_stable_or_one_broken_stream_does_not_pass(bad: Sample) -> None:
    assert not report(bad).passed


def test_an_outage_that_the_story_calls_for_may_hurt_stable() -> None:
    assert report(sample(2.5, "llm", error="500"), ending=Ending("Paused", expected=True, outage=True)).passed


def test_another_end_than_the_name_calls_for_does_not_pass() -> None:
    assert not report(ending=Ending("Promoted", expected=False)).passed


def test_the_total_has_the_sums_and_the_times_of_the_rollback() -> None:
    totals = total([report(), report(marks=MARKS[:2])])

    assert (totals.requests, len(totals.steps), totals.first_effect_ms) == (2 * len(steady()), 5, 40.0)
    assert totals.result == "Passed"
