"""A spec that is new, changed, or right no more."""

from msgspec.structs import replace

from turnout.rollout.events import Refusal, SpecChanged
from turnout.rollout.plan import Plan, SetWeight, faults_of, planned
from turnout.rollout.rounds import begin, ended, preflight
from turnout.rollout.state import ACTIVE, SHIFTING, MetricState, State
from turnout.rollout.stepping import enter
from turnout.rollout.turn import Turn, paused, said, then
from turnout.rollout.weighing import renewed


def on_spec(state: State, event: SpecChanged, now: float) -> Turn:
    """Begins, goes on, begins anew, or pauses: by what is different from what was followed so far."""
    refusal = unfit(state, event)
    if refusal is not None:
        return refuse(state, event, refusal, now)
    plan = planned(event.spec)
    if state.plan is None:
        return begin(known(state, event), plan, now)
    if superseding(state, event, plan, state.plan):
        return supersede(state, event, plan, now)
    return follow(state, event, plan, now)


def unfit(state: State, event: SpecChanged) -> Refusal | None:
    """Why the spec cannot be followed; None if it can."""
    faults = tuple(faults_of(event.spec))
    if faults:
        return Refusal("Accepted", "InvalidSpec", "; ".join(map(str, faults)))
    old = state.plan
    if event.refusal is not None or old is None:
        return event.refusal
    stable, candidate = event.spec.stable.name, event.spec.candidate.name
    moved = (stable, candidate) != (old.stable, old.candidate)
    if moved and state.stage == "Promoted" and state.weights.overlay and stable != old.candidate:
        message = f"{old.candidate} is promoted and serves: a new rollout starts from it (spec.stable)"
        return Refusal("Accepted", "StableNotServing", message)
    return None


def lifted(state: State, message: str, now: float) -> Turn:
    """What the spec had stopped goes on; the step's clock begins anew."""
    since = now if state.step_since is not None else None
    turn = said(replace(state, pause=None, step_since=since), "RolloutResumed", message)
    if state.stage != "Preflight":
        return turn
    return then(turn, lambda at: preflight(replace(at, started_at=now), now))


def known(state: State, event: SpecChanged) -> State:
    """The state with what the event knows of the revisions and the generation."""
    return replace(
        state,
        generation=event.generation,
        refusal=None,
        stable_revision=event.stable_revision or state.stable_revision,
        candidate_revision=event.candidate_revision or state.candidate_revision,
    )


def refuse(state: State, event: SpecChanged, refusal: Refusal, now: float) -> Turn:
    """Not followed; what is under way pauses where it is."""
    if state.refusal == refusal and state.generation == event.generation:
        return state, ()
    state = replace(state, generation=event.generation, refusal=refusal)
    if state.stage in ACTIVE and (state.pause is None or state.pause.reason != refusal.reason):
        return paused(state, refusal.reason, refusal.message, now)
    return said(state, refusal.reason, refusal.message, "Warning")


def superseding(state: State, event: SpecChanged, plan: Plan, old: Plan) -> bool:
    """Another candidate, or the same one with other contents before it was promoted."""
    if (plan.stable, plan.candidate) != (old.stable, old.candidate):
        return True
    revision = state.candidate_revision
    changed = bool(event.candidate_revision) and bool(revision) and event.candidate_revision != revision
    return changed and state.stage in (*ACTIVE, "Aborted")


def supersede(state: State, event: SpecChanged, plan: Plan, now: float) -> Turn:
    """A new round at step 0. What was under way goes into the history."""
    old, pause = state.plan, state.pause
    assert old is not None
    turn: Turn = (state, ())
    if state.stage in ACTIVE:
        message = f"revision {state.candidate_revision or 'unknown'} of {old.candidate} gives way to another"
        turn = said(ended(state, "Superseded", "Superseded", message, now), "RolloutSuperseded", message)
    gone = turn[0]
    if (plan.stable, plan.candidate) != (old.stable, old.candidate):
        gone = replace(gone, stable_revision="", candidate_revision="", ready=None)
    turn = then((known(gone, event), turn[1]), lambda at: begin(at, plan, now))
    if pause is None or pause.reason != "UserPause" or turn[0].stage != "Preflight":
        return turn
    return replace(turn[0], pause=pause), turn[1]


def follow(state: State, event: SpecChanged, plan: Plan, now: float) -> Turn:
    """The same candidate: a plan that has changed is taken up at the weight that is in force."""
    old, refusal, pause = state.plan, state.refusal, state.pause
    assert old is not None
    stable_changed = bool(event.stable_revision) and event.stable_revision != state.stable_revision
    turn: Turn = (known(state, event), ())
    if refusal is not None and pause is not None and pause.reason == refusal.reason:
        turn = lifted(turn[0], "the spec can be followed again", now)
    if stable_changed and state.stable_revision and state.stage in SHIFTING:
        turn = then((renewed(turn[0]), turn[1]), lambda at: said(at, "StableChanged", "stable has another revision"))
    if plan != old:
        turn = then(turn, lambda at: replanned(at, plan, now))
    return turn if turn[0] != state or turn[1] else (state, ())


def replanned(state: State, plan: Plan, now: float) -> Turn:
    """Metrics that are the same keep their evidence; steps go on from the weight in force."""
    old = state.plan
    assert old is not None
    kept = {metric.plan: metric for metric in state.metrics}
    metrics = tuple(kept.get(one) or MetricState(plan=one, threshold=one.threshold) for one in plan.metrics)
    state = replace(state, plan=plan, metrics=metrics)
    if plan.steps == old.steps or state.stage != "Running":
        return said(state, "RolloutUpdated", "the plan has changed")
    weight = state.weights.desired
    place = next((at for at, one in enumerate(plan.steps) if isinstance(one, SetWeight) and one.weight >= weight), 0)
    turn = said(state, "RolloutUpdated", f"the steps have changed: going on from step {place + 1} at weight {weight} %")
    if state.pause is not None:
        return then(turn, lambda at: (replace(at, step_index=place, step_since=None), ()))
    return then(turn, lambda at: enter(at, place, now))
