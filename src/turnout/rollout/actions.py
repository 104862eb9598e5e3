"""What users ask for. What cannot be done is refused with the reason."""

from msgspec.structs import replace

from turnout.rollout.events import Abort, Action, PauseAction, Promote, Resume, Retry, SetWeightAction, Undo
from turnout.rollout.instructions import PatchSpec
from turnout.rollout.plan import SetWeight
from turnout.rollout.rounds import abort, ended, preflight, retry
from turnout.rollout.routes import settled
from turnout.rollout.state import Finished, State
from turnout.rollout.stepping import advance, bake, enter
from turnout.rollout.turn import Turn, accepted, paused, refused, said, then
from turnout.rollout.weighing import desire, direct, forgotten, renewed


def on_promote(state: State, event: Promote, now: float) -> Turn:
    """Past this pause or step; with `full` to 100 percent, without the bake."""
    problem = not_promotable(state)
    if problem:
        return refused(state, event, problem)
    reason = state.pause.reason if state.pause is not None else ""
    state = forgiven(accepted(replace(state, pause=None), event, "promoted"), reason)
    turn = said(state, "RolloutResumed", "promoted by the user, in full" if event.full else "promoted by the user")
    if event.full:
        turn = then(turn, lambda at: desire(replace(at, skip_bake=True), 100))
        return then(turn, lambda at: enter(at, len(at.plan.steps) if at.plan else 0, now))
    if state.stage == "Baking":
        return then(turn, lambda at: bake(replace(at, skip_bake=True), now))
    return then(turn, lambda at: onward(at, now))


def not_promotable(state: State) -> str:
    """Why there is nothing to go past to; empty if there is."""
    if state.stage == "Preflight":
        return "preflight has not passed yet: the candidate gets no weight"
    if state.ready is not None and state.ready.candidate == 0:
        return "the candidate has no ready endpoint"
    if not state.weights.overlay:
        return "the route's own weights are in force: `resume` first"
    return not_followable(state)


def on_pause(state: State, event: PauseAction, now: float) -> Turn:
    """Stays at this weight. The analysis stays armed."""
    return paused(accepted(state, event, "paused"), "UserPause", "paused by the user", now)


def on_resume(state: State, event: Resume, now: float) -> Turn:
    """On from a pause, by what the pause was for; the step's clock begins anew."""
    assert state.pause is not None
    problem = not_followable(state)
    if problem:
        return refused(state, event, problem)
    reason = state.pause.reason
    state = forgiven(accepted(replace(state, pause=None), event, f"resumed from {reason}"), reason)
    turn = said(state, "RolloutResumed", f"resumed by the user from {reason}")
    if state.stage == "Preflight":
        return then(turn, lambda at: preflight(replace(at, started_at=now), now))
    if reason == "RouteChanged":
        turn = then(turn, direct)
    if state.stage == "Baking":
        return then(turn, lambda at: bake(replace(at, step_since=None), now))
    if reason == "PauseStep":
        return then(turn, lambda at: onward(at, now))
    return then(turn, lambda at: enter(at, at.step_index, now))


def onward(state: State, now: float) -> Turn:
    """Past the present step; a weight that is not reached yet is reached first."""
    step = state.step
    if isinstance(step, SetWeight) and (state.weights.desired != step.weight or not state.weights.settled):
        return enter(state, state.step_index, now)
    return advance(state, now)


def forgiven(state: State, reason: str) -> State:
    """The user has seen to it: what was held against the environment or the split is counted anew."""
    if reason in ("EnvironmentDegraded", "ObjectiveMissed", "SampleRatioMismatch"):
        return forgotten(state)
    return renewed(state) if reason == "RouteChanged" else state


def not_followable(state: State) -> str:
    """Why the rollout cannot go on; empty if it can."""
    if state.refusal is not None:
        return f"{state.refusal.reason}: {state.refusal.message}"
    return ""


def place_of(state: State) -> int:
    """The first step that the present weight has not reached: what a weight set by hand goes on from."""
    assert state.plan is not None
    steps = state.plan.steps
    least = max(1, state.weights.desired)
    return next(at for at, step in enumerate(steps) if isinstance(step, SetWeight) and step.weight >= least)


def on_set_weight(state: State, event: SetWeightAction, now: float) -> Turn:
    """The weight at once, then a pause: the plan does not argue."""
    if not 0 <= event.weight <= 100:
        return refused(state, event, f"weight: Invalid value: {event.weight}: must be between 0 and 100")
    if not state.weights.overlay:
        return refused(state, event, "the route's own weights are in force: `resume` first")
    message = f"weight {event.weight} % set by the user; `resume` goes on from there"
    state = accepted(replace(state, stage="Running", step_since=None, pause=None), event, message)
    turn = desire(state, event.weight)
    turn = replace(turn[0], step_index=place_of(turn[0])), turn[1]
    return then(turn, lambda at: paused(at, "WeightSet", message, now))


def on_abort(state: State, event: Abort, now: float) -> Turn:
    """Everything back to stable."""
    return abort(accepted(state, event, "aborted"), "UserAbort", event.reason or "aborted by the user", now)


def on_retry(state: State, event: Retry, now: float) -> Turn:
    """The revision is quarantined no longer; a new round begins."""
    problem = not_followable(state)
    if problem:
        return refused(state, event, problem)
    return retry(accepted(state, event, "a new round begins"), now)


def on_undo(state: State, event: Undo, now: float) -> Turn:
    """Back to a former revision: at once where it is the other arm, else by a rollout of its own."""
    entry = former(state, event.revision)
    plan = state.plan
    assert plan is not None
    serving = plan.candidate if state.stage == "Promoted" else plan.stable
    if entry is None:
        known = ", ".join(one.revision for one in state.history) or "none"
        return refused(state, event, f"no such former revision in the history (known: {known})")
    if entry.revision in state.quarantined:
        return refused(state, event, f"revision {entry.revision} is quarantined: `retry` lifts that")
    if entry.pool == serving:
        return refused(state, event, f"{serving} serves already")
    message = f"back to revision {entry.revision or 'unknown'} of {entry.pool}"
    if state.stage == "Promoted" and entry.pool == plan.stable:
        if state.ready is not None and state.ready.stable == 0:
            return refused(state, event, f"{plan.stable} has no ready endpoint")
        ended_state = ended(accepted(state, event, message), "RolledBack", "UserUndo", message, now)
        turn = then(desire(ended_state, 0), lambda at: said(at, "RolloutRolledBack", message))
        return then(turn, settled)
    turn = said(accepted(state, event, message), "RolloutUndo", f"{message}, as a rollout from {serving}")
    return then(turn, lambda at: (at, (PatchSpec(stable=serving, candidate=entry.pool),)))


def former(state: State, revision: str) -> Finished | None:
    """The newest entry of the history with that revision; with none given, the newest that served before this one."""
    plan = state.plan
    assert plan is not None
    serving = plan.candidate if state.stage == "Promoted" else plan.stable
    for entry in reversed(state.history):
        if revision:
            if entry.revision == revision:
                return entry
        elif entry.pool != serving and entry.completion_status in ("Promoted", "Stable"):
            return entry
    return None


def on_misplaced(state: State, event: Action, _now: float) -> Turn:
    """The action says nothing here."""
    what = {
        "Pending": "has not begun",
        "Promoted": "is promoted",
        "Aborted": "is aborted",
        "RolledBack": "is rolled back",
    }
    where = "is paused" if state.pause is not None else what.get(state.stage, "is in progress")
    return refused(state, event, f"the rollout {where}{HINTS.get(type(event), '')}")


HINTS: dict[type, str] = {
    Abort: "; `undo` returns to a former revision",
    Undo: "; `abort` goes back to stable",
    Retry: "; only what was aborted can be tried again",
}
