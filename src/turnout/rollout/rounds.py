"""How a round begins and how it ends."""

from msgspec.structs import replace

from turnout.rollout.instructions import Quarantine, RunPreflight
from turnout.rollout.plan import Plan
from turnout.rollout.routes import settled
from turnout.rollout.state import (
    HISTORY,
    Completion,
    Finished,
    Load,
    MetricState,
    Outcome,
    Split,
    State,
)
from turnout.rollout.turn import Turn, said, then, wake
from turnout.rollout.weighing import desire, direct

PREFLIGHT_TIMEOUT = 30.0
PREFLIGHT_AGAIN = 5.0


def begin(state: State, plan: Plan, now: float) -> Turn:
    """A new round, with nothing seen yet: preflight first. A quarantined revision does not begin."""
    state = replace(
        state,
        stage="Preflight",
        pause=None,
        plan=plan,
        round=state.round + 1,
        step_index=0,
        step_since=None,
        skip_bake=False,
        started_at=now,
        outcome=None,
        metrics=tuple(MetricState(plan=metric, threshold=metric.threshold) for metric in plan.metrics),
        keyed=Split(),
        keyless=Split(),
        load=Load(),
        reported_at=None,
        gaps=0,
        checks=(),
        weights=replace(state.weights, desired=0),
    )
    turn = direct(state) if state.weights.overlay else (state, ())
    if state.candidate_revision and state.candidate_revision in state.quarantined:
        message = f"revision {state.candidate_revision} of {plan.candidate} was aborted before; `retry` lifts that"
        quarantined = replace(turn[0], stage="Aborted", outcome=Outcome("Quarantined", message, now))
        return then((quarantined, turn[1]), lambda at: said(at, "RevisionQuarantined", message, "Warning"))
    turn = then(turn, lambda at: said(at, "RolloutUpdated", f"{plan.stable} -> {plan.candidate}: preflight begins"))
    return then(turn, lambda at: preflight(at, now))


def preflight(state: State, now: float) -> Turn:
    """Asks for the evidence, anew if no answer comes."""
    due = now + PREFLIGHT_TIMEOUT
    state = replace(state, preflight=state.preflight + 1, preflight_due=due)
    return then((state, (RunPreflight(state.preflight),)), lambda at: wake(at, due))


def retry(state: State, now: float) -> Turn:
    """The revision is quarantined no longer; a new round begins."""
    plan, revision = state.plan, state.candidate_revision
    assert plan is not None
    state = replace(state, quarantined=tuple(one for one in state.quarantined if one != revision))
    return then(said(state, "RolloutRetry", f"revision {revision or 'unknown'} again"), lambda at: begin(at, plan, now))


def abort(state: State, reason: str, message: str, now: float) -> Turn:
    """Everything back to stable in one instruction; the revision is quarantined, unless the plan says otherwise."""
    plan = state.plan
    assert plan is not None
    turn = desire(ended(state, "Aborted", reason, message, now), 0)
    revision = state.candidate_revision
    if plan.quarantine and revision and revision not in state.quarantined:
        quarantined = replace(turn[0], quarantined=(*state.quarantined, revision))
        turn = quarantined, (*turn[1], Quarantine(revision))
    return then(turn, lambda at: said(at, "RolloutAborted", f"{reason}: {message}", "Warning"))


def promoted(state: State, now: float) -> Turn:
    """The candidate has all of the traffic and keeps it."""
    plan = state.plan
    assert plan is not None
    if not any(one.revision == state.stable_revision for one in state.history):
        state = recorded(state, state.stable_revision, plan.stable, "Stable", now)
    message = f"{plan.candidate} has all of the traffic, {now - state.started_at:.0f} s after the start"
    turn = said(ended(state, "Promoted", "RolloutCompleted", message, now), "RolloutCompleted", message)
    return then(turn, settled)


def ended(state: State, completion: Completion, reason: str, message: str, now: float) -> State:
    """The round is over, and is in the history."""
    plan = state.plan
    assert plan is not None
    state = recorded(state, state.candidate_revision, plan.candidate, completion, now)
    if completion == "Superseded":
        return state
    assert completion != ""
    return replace(state, stage=completion, pause=None, step_since=None, outcome=Outcome(reason, message, now))


def recorded(state: State, revision: str, pool: str, completion: str, now: float) -> State:
    """The history with one more entry: the last ten."""
    entry = Finished(revision, pool, completion, now)
    return replace(state, history=(*state.history, entry)[-HISTORY:])
