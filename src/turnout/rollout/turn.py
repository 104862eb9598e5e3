"""One turn of the engine: the next state, and what is to be done. Turns are put together in order."""

from collections.abc import Callable
from typing import Literal

from msgspec.structs import replace

from turnout.rollout.events import VERBS, Action
from turnout.rollout.instructions import EmitEvent, Instruction, StartTimer
from turnout.rollout.state import ActionResult, Pause, State

Turn = tuple[State, tuple[Instruction, ...]]


def then(turn: Turn, follow: Callable[[State], Turn]) -> Turn:
    """`turn`, and what `follow` makes of its state."""
    state, done = turn
    after, more = follow(state)
    return after, (*done, *more)


def said(state: State, reason: str, message: str, kind: Literal["Normal", "Warning"] = "Normal") -> Turn:
    """The same state, with an Event."""
    return state, (EmitEvent(reason, message, kind),)


def paused(state: State, reason: str, message: str, now: float) -> Turn:
    """Nothing moves until somebody resumes, promotes or aborts. The analysis stays armed."""
    return said(replace(state, pause=Pause(reason, message, now)), "RolloutPaused", f"{reason}: {message}", "Warning")


def refused(state: State, action: Action, message: str) -> Turn:
    """The action has no effect, and says why."""
    verb = VERBS[type(action)]
    result = ActionResult(action.token, accepted=False, message=message)
    return said(replace(state, last_action=result), "ActionRefused", f"{verb}: {message}", "Warning")


def accepted(state: State, action: Action, message: str) -> State:
    """The action has taken effect."""
    return replace(state, last_action=ActionResult(action.token, accepted=True, message=message))


def wake(state: State, at: float) -> Turn:
    """Asks for a tick at `at`, once."""
    if state.timer == at:
        return state, ()
    return replace(state, timer=at), (StartTimer(at),)
