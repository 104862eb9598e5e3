"""The controller may be killed between any two events: what it wrote is all that it needs."""

import pytest

from turnout.rollout.events import Event
from turnout.rollout.instructions import WriteStatus
from turnout.rollout.machine import step
from turnout.rollout.state import State, dumped, loaded
from turnout.rollout.status import RolloutStatus, status_of
from turnout.runners.laboratory.play import Stage
from turnout.runners.laboratory.studies import ramp
from turnout.runners.laboratory.traffic import Traffic

Log = list[tuple[float, Event]]


def log_of(traffic: Traffic) -> Log:
    stage = Stage(ramp(samples=5, seconds=20), traffic, seed=4)
    stage.play(1200, 5.0)
    return stage.log


LOGS = {
    "promoted": log_of(Traffic(rate=30.0)),
    "aborted": log_of(Traffic(rate=30.0, errors_times=8.0)),
}


def played(log: Log, state: State | None = None) -> State:
    state = state or State()
    for now, event in log:
        state, _ = step(state, event, now)
    return state


def whole(log: Log, state: State) -> RolloutStatus:
    return status_of(state, log[-1][0])


@pytest.mark.parametrize("name", LOGS)
def test_a_controller_killed_before_any_event_ends_in_the_same_status(name: str) -> None:
    log = LOGS[name]
    expected = whole(log, played(log))
    state = State()
    for now, event in log:
        state, _ = step(loaded(dumped(state)), event, now)
    assert whole(log, state) == expected
    assert state.stage == name.capitalize()


@pytest.mark.parametrize("name", LOGS)
def test_events_told_again_after_a_restart_change_nothing(name: str) -> None:
    """The reporters send again what was not written: since the last urgent status up to ten events are told twice."""
    log = LOGS[name]
    expected = whole(log, played(log))
    for cut in range(1, len(log), max(1, len(log) // 60)):
        state = played(log[:cut])
        again = max(0, cut - 10)
        # An event twice at a later time: never earlier than what was told before.
        late = [(log[cut - 1][0], event) for _, event in log[again:cut]]
        assert whole(log, played([*late, *log[cut:]], loaded(dumped(state)))) == expected


LOST = 3
"""Events after the last write at which the controller is killed."""


@pytest.mark.parametrize("name", LOGS)
def test_a_status_that_was_not_written_is_made_up_for_by_events_told_again(name: str) -> None:
    """Killed between two writes: what came after the last urgent one is lost, and told again."""
    log = LOGS[name]
    expected = whole(log, played(log))
    written, state, since, kills = State(), State(), 0, 0
    place = 0
    while place < len(log):
        now, event = log[place]
        state, done = step(state, event, now)
        place += 1
        if any(isinstance(one, WriteStatus) and one.urgent for one in done):
            written, since = loaded(dumped(state)), place
        elif place - since == LOST and kills < 200:
            kills += 1
            state, place = written, since
            written = loaded(dumped(played(log[since : since + LOST], written)))
            since += LOST
    assert kills >= 2
    assert whole(log, state) == expected


def test_what_is_no_state_is_not_read() -> None:
    with pytest.raises(ValueError, match="stage"):
        loaded(b'{"stage": "Elsewhere"}')


def test_the_state_of_a_long_rollout_fits_into_a_status() -> None:
    assert all(len(dumped(played(log))) < 200_000 for log in LOGS.values())
