"""The engine: one table of transitions, from mode and event to the function that answers."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from turnout.rollout import actions, analysis, routes, specs, stepping, weighing
from turnout.rollout.events import (
    Abort,
    Action,
    Deleted,
    Event,
    PauseAction,
    PreflightResult,
    Promote,
    Readiness,
    Resume,
    Retry,
    RouteChanged,
    SetWeightAction,
    SpecChanged,
    Tick,
    Undo,
    WeightsAcknowledged,
)
from turnout.rollout.instructions import StartTimer, WriteStatus
from turnout.rollout.observations import Observations
from turnout.rollout.state import TOKENS, State
from turnout.rollout.turn import Turn

# The event's type is the key's: a table cannot say so in types.
Transition = Callable[[State, Any, float], Turn]

ANYWHERE: dict[type, Transition] = {
    SpecChanged: specs.on_spec,
    WeightsAcknowledged: stepping.on_acknowledged,
    Observations: analysis.on_observations,
    Readiness: weighing.on_readiness,
    RouteChanged: routes.on_route,
    Deleted: routes.on_deleted,
}
"""What is answered in every mode alike. User actions that a mode has no answer for are refused; the rest is ignored."""

TABLE: dict[tuple[str, type], Transition] = {
    ("Preflight", Tick): stepping.on_tick_preflight,
    ("Preflight", PreflightResult): stepping.on_preflight,
    ("Preflight", Promote): actions.on_promote,
    ("Preflight", PauseAction): actions.on_pause,
    ("Preflight", Abort): actions.on_abort,
    ("Running", Tick): stepping.on_tick_running,
    ("Running", Promote): actions.on_promote,
    ("Running", PauseAction): actions.on_pause,
    ("Running", SetWeightAction): actions.on_set_weight,
    ("Running", Abort): actions.on_abort,
    ("Baking", Tick): stepping.on_tick_baking,
    ("Baking", Promote): actions.on_promote,
    ("Baking", PauseAction): actions.on_pause,
    ("Baking", SetWeightAction): actions.on_set_weight,
    ("Baking", Abort): actions.on_abort,
    ("Paused", Resume): actions.on_resume,
    ("Paused", Promote): actions.on_promote,
    ("Paused", SetWeightAction): actions.on_set_weight,
    ("Paused", Abort): actions.on_abort,
    ("Promoted", Undo): actions.on_undo,
    ("Aborted", Retry): actions.on_retry,
    ("Aborted", Undo): actions.on_undo,
    ("RolledBack", Retry): actions.on_retry,
    ("RolledBack", Undo): actions.on_undo,
}


def step(state: State, event: Event, now: float) -> Turn:
    """The next state, and what is to be done. Never raises; pure: equal arguments give equal answers.

    Telling an event twice is telling it once. `now` is seconds since 1970, UTC, and does not go back.
    """
    if isinstance(event, Action):
        if event.token in state.tokens:
            return state, ()
        taken = replace(state, tokens=(*state.tokens, event.token)[-TOKENS:])
        transition = TABLE.get((state.mode, type(event)), actions.on_misplaced)
    else:
        taken = state
        found = ANYWHERE.get(type(event)) or TABLE.get((state.mode, type(event)))
        if found is None:
            return state, ()
        transition = found
    after, done = transition(taken, event, now)
    if after is state:
        return state, done
    return after, (*done, WriteStatus(urgent=any(not isinstance(one, StartTimer) for one in done)))
