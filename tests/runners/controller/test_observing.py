"""A worker's report as a rollout's engine hears it."""

from turnout.channels import ArmCount, ArmLoad, Assigned, KeyLoad, Miss, Report, Times
from turnout.judge import SplitCount
from turnout.rollout.observations import Assigned as Drawn
from turnout.rollout.observations import Count
from turnout.rollout.observations import KeyLoad as Key
from turnout.rollout.observations import Miss as Missed
from turnout.runners.controller.observing import observations

NAME = "default/r"


def test_strata_and_epochs_of_the_round_are_summed() -> None:
    arms = (
        ArmCount(NAME, 3, "candidate", "errors", "short", 10, 1, "u"),
        ArmCount(NAME, 4, "candidate", "errors", "long", 5, 2, "u"),
        ArmCount(NAME, 4, "stable", "errors", "", 7, 0, "u"),
    )
    found = observations(Report(9, (), 0, 1, arms=arms), "0/1", "u", 2, 3)
    assert found.counts == (Count("errors", "candidate", 15, 3), Count("errors", "stable", 7, 0))
    assert (found.source, found.seq, found.round) == ("0/1/2", 9, 2)


def test_other_rollouts_and_former_rounds_are_left_out() -> None:
    arms = (
        ArmCount(NAME, 3, "stable", "errors", "", 7, 0, "other"),
        ArmCount(NAME, 2, "stable", "errors", "", 7, 0, "u"),
        ArmCount(NAME, 3, "neither", "errors", "", 7, 0, "u"),
    )
    assert observations(Report(9, (), 0, 1, arms=arms), "0/1", "u", 1, 3).counts == ()


def test_everything_that_a_report_tells_arrives() -> None:
    report = Report(
        1,
        (),
        0,
        1,
        misses=(Miss(NAME, 1, "candidate", "ttft", "", 77, 0.1, 5.0, "u"),),
        assignments=(Assigned(NAME, 1, True, 0.1, 9, 1, "u"),),
        loads=(ArmLoad(NAME, 1, "stable", 9, 0, "u"), ArmLoad(NAME, 1, "candidate", 1, 1, "u")),
        keys=(KeyLoad(NAME, 1, "alice", 4, "u"),),
        times=(
            Times(NAME, 1, "stable", "ttft", "", (0.1, 0.2), "u"),
            Times(NAME, 1, "candidate", "ttft", "", (9.0,), "u"),
        ),
    )
    found = observations(report, "0/1", "u", 1, 1)
    assert found.misses == (Missed("ttft", "candidate", 0.1, 77, 5.0),)
    assert found.assigned == (Drawn(True, SplitCount(0.1, 1, 9)),)
    assert (found.stable_requests, found.candidate_requests) == (9, 1)
    assert found.keys == (Key("alice", 4),)
    assert found.times == {"ttft": (0.1, 0.2)}


def test_a_report_without_a_word_of_it_is_told_all_the_same() -> None:
    assert observations(Report(4, (), 0, 1), "0/1", "u", 1, 1).seq == 4
