"""Who wins: the HTTPRoute's own weights against the overlay, and what a deletion does."""

from msgspec.structs import replace

from turnout.rollout.events import Deleted, RouteChanged
from turnout.rollout.instructions import ReleaseFinalizer
from turnout.rollout.state import ACTIVE, State
from turnout.rollout.turn import Turn, paused, said, then
from turnout.rollout.weighing import release


def on_route(state: State, event: RouteChanged, now: float) -> Turn:
    """A write that changes the rule's backendRefs takes force at once; one that leaves them alone changes nothing."""
    before = state.route
    if event == before:
        return state, ()
    state = replace(state, route=event)
    if before is None or before.fingerprint == event.fingerprint or not state.weights.overlay:
        return settled(state)
    if state.stage not in ACTIVE and not drift(state):
        return settled(state)
    effective = state.weights.effective
    turn = release(state)
    if state.stage in ACTIVE:
        message = f"the route's own backendRefs were changed and are in force; `resume` takes {effective} % up again"
        return then(turn, lambda at: paused(at, "RouteChanged", message, now))
    message = "the route's backendRefs were changed and are in force"
    turn = then(turn, lambda at: said(at, "OverlayReleased", message))
    return then(turn, settled)


def drift(state: State) -> str:
    """What the route would do without the overlay that it does not do with it; empty: nothing."""
    plan, route = state.plan, state.route
    if plan is None or not state.weights.overlay:
        return ""
    named = route is not None and route.candidate_only
    if state.stage == "Promoted" and not named:
        lines = f":\n{route.lines}" if route is not None and route.lines else ""
        return f"{plan.candidate} is promoted, but the route does not name it alone yet{lines}"
    if state.stage == "RolledBack" and named:
        return f"{plan.stable} serves again, but the route names {plan.candidate}"
    return ""


def settled(state: State) -> Turn:
    """The overlay goes when the route says the same: no request notices."""
    finished = state.stage in ("Promoted", "RolledBack")
    turn: Turn = (state, ())
    if finished and state.weights.overlay and state.route is not None and not drift(state):
        turn = then(
            release(state), lambda at: said(at, "SpecCaughtUp", "the route names what serves: the overlay is gone")
        )
    return then(turn, let_go) if state.deleting else turn


def on_deleted(state: State, event: Deleted, _now: float) -> Turn:
    """The object may go, unless the route would take back what was promoted and nobody said that it may."""
    if state.deleting and state.revert == event.revert:
        return state, ()
    state = replace(state, deleting=True, revert=event.revert)
    if deletion_blocked(state):
        return said(state, "DeletionBlocked", deletion_blocked(state), "Warning")
    return let_go(state)


def let_go(state: State) -> Turn:
    """The spec's weights are in force, and the object goes."""
    if deletion_blocked(state):
        return state, ()
    return then(release(state), lambda at: (at, (ReleaseFinalizer(),)))


def deletion_blocked(state: State) -> str:
    """Why the object may not go; empty: it may."""
    found = drift(state)
    if not state.deleting or state.revert or not found:
        return ""
    return f'{found}\nor set the annotation turnout.dev/revert-on-delete: "true" to go back to the route\'s own weights'
