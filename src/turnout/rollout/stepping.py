"""Step after step: how the plan is followed, by time, acknowledgement and analysis."""

from msgspec.structs import replace

from turnout.rollout.events import PreflightResult, Tick, WeightsAcknowledged
from turnout.rollout.gates import STALE, found, hold_reason
from turnout.rollout.plan import Gate, Hold, PlanStep, SetWeight
from turnout.rollout.rounds import PREFLIGHT_AGAIN, preflight, promoted
from turnout.rollout.state import State
from turnout.rollout.turn import Turn, paused, said, then, wake
from turnout.rollout.weighing import acknowledge, desire


def enter(state: State, index: int, now: float) -> Turn:
    """The plan is at step `index`; past the last one it bakes."""
    assert state.plan is not None
    steps = state.plan.steps
    if index >= len(steps):
        return bake(replace(state, stage="Baking", step_index=len(steps), step_since=None), now)
    step = steps[index]
    state = replace(state, stage="Running", step_index=index, step_since=now)
    match step:
        case SetWeight(weight):
            turn = desire(replace(state, step_since=None), weight)
            return then(turn, lambda at: advance(at, now)) if turn[0].weights.settled else turn
        case Hold(None):
            return paused(state, "PauseStep", f"step {index + 1}/{len(steps)} waits for `promote`", now)
        case Hold(float(duration)):
            return wake(state, now + duration)
        case Gate(min_duration=least):
            return wake(state, now + least)
    raise AssertionError(step)


def advance(state: State, now: float) -> Turn:
    """The present step is done: on to the next."""
    step = state.step
    assert state.plan is not None
    assert step is not None
    message = f"step {state.step_index + 1}/{len(state.plan.steps)} completed ({described(step)})"
    return then(said(state, "RolloutStepCompleted", message), lambda at: enter(at, at.step_index + 1, now))


def described(step: PlanStep) -> str:
    """The step as users write it, in short."""
    match step:
        case SetWeight(weight):
            return f"setWeight: {weight}"
        case Hold(duration):
            return "pause" if duration is None else f"pause: {duration:g}s"
        case Gate(require=require):
            return "analysis" if require == "noHarm" else f"analysis: {require}"
    raise AssertionError(step)


def bake(state: State, now: float) -> Turn:
    """All of the traffic is on the candidate, stable is kept; when that has lasted, it is promoted."""
    plan = state.plan
    assert plan is not None
    if hold_reason(state):
        return (state if state.step_since is None else replace(state, step_since=None)), ()
    since = now if state.step_since is None else state.step_since
    state = state if state.step_since == since else replace(state, step_since=since)
    duration = 0.0 if state.skip_bake else plan.bake
    if duration > 0 and (state.reported_at is None or now - state.reported_at > STALE):
        return state, ()
    if now >= since + duration:
        return promoted(state, now)
    return wake(state, since + duration)


def on_tick_running(state: State, _event: object, now: float) -> Turn:
    """What time allows. A step that is held waits."""
    step, since = state.step, state.step_since
    if step is None or hold_reason(state):
        return state, ()
    match step:
        case SetWeight():
            return advance(state, now)
        case Hold(float(duration)):
            if since is not None and now >= since + duration:
                return advance(state, now)
            return state, ()
        case Gate():
            return tick_gate(state, step, now if since is None else since, now)
    return state, ()


def tick_gate(state: State, gate: Gate, since: float, now: float) -> Turn:
    """Passes, waits, or runs out of time: then the policy decides, and says so."""
    assert state.plan is not None
    finding = found(state, gate, since, now)
    if finding.kind == "Passed":
        return advance(state, now)
    overdue = gate.max_duration is not None and now >= since + gate.max_duration
    if finding.kind == "Missed":
        return paused(state, "ObjectiveMissed", finding.message, now)
    if not overdue or finding.kind == "Waiting":
        timer = since + (gate.max_duration or 0.0)
        return wake(state, timer) if timer > now else (state, ())
    message = f"{finding.message} after {now - since:.0f} s"
    match state.plan.on_insufficient_data:
        case "Pause":
            return paused(state, "InsufficientData", message, now)
        case "Proceed":
            said_so = said(
                state, "InsufficientData", f"{message}: going on, as onInsufficientData: Proceed says", "Warning"
            )
            return then(said_so, lambda at: advance(at, now))
        case _:
            return state, ()


def on_tick_baking(state: State, _event: Tick, now: float) -> Turn:
    """The bake is over, or goes on."""
    return bake(state, now)


def on_tick_preflight(state: State, _event: Tick, now: float) -> Turn:
    """Asks again when it is time to."""
    return preflight(state, now) if now >= state.preflight_due else (state, ())


def on_preflight(state: State, event: PreflightResult, now: float) -> Turn:
    """All conditions hold: the first step. Otherwise again, until the deadline."""
    if event.token != state.preflight:
        return state, ()
    plan = state.plan
    assert plan is not None
    state = replace(state, checks=event.checks)
    failed = [check for check in event.checks if not check.passed]
    if event.checks and not failed:
        message = "; ".join(check.message for check in event.checks)
        return then(said(state, "PreflightPassed", message), lambda at: enter(at, 0, now))
    message = "; ".join(f"{check.type}: {check.message}" for check in failed) or "no condition was checked"
    if now - state.started_at >= plan.progress_deadline:
        return paused(state, "PreflightFailed", message, now)
    due = now + PREFLIGHT_AGAIN
    # The token is spent: an answer that comes twice must not count twice.
    return wake(replace(state, preflight=state.preflight + 1, preflight_due=due), due)


def on_acknowledged(state: State, event: WeightsAcknowledged, now: float) -> Turn:
    """The weights are in force. A step that was held begins its clock anew."""
    turn = acknowledge(state, event.seq, now)
    if turn[0] is state or state.pause is not None or not turn[0].weights.settled:
        return turn
    if state.stage == "Baking":
        return then(turn, lambda at: bake(replace(at, step_since=None), now))
    if state.stage != "Running":
        return turn
    if isinstance(state.step, SetWeight):
        return then(turn, lambda at: advance(at, now))
    return then(turn, lambda at: (replace(at, step_since=now), ()))
