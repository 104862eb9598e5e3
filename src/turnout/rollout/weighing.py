"""Weights: from what is desired to what workers are told, and back from what they acknowledge."""

from msgspec.structs import replace

from turnout.judge import Trials, restarted
from turnout.judge.mixture import MOST_RUNS
from turnout.rollout.events import Readiness
from turnout.rollout.instructions import ReleaseOverlay, SetWeights
from turnout.rollout.state import SHIFTING, Load, MetricState, Split, State
from turnout.rollout.turn import Turn, said, then


def aimed(state: State) -> int:
    """The candidate's percent that workers are to use: `desired`, or 0 while the candidate has no ready endpoint.

    Once promoted the candidate is what serves: then there is only something to fall back to while stable is ready.
    """
    ready = state.ready
    if ready is None or ready.candidate > 0:
        return state.weights.desired
    if state.stage == "Promoted" and ready.stable == 0:
        return state.weights.desired
    return 0


def desire(state: State, weight: int) -> Turn:
    """The candidate is to have `weight` percent."""
    return direct(replace(state, weights=replace(state.weights, desired=weight)))


def direct(state: State) -> Turn:
    """Tells the workers, if that is anything new to them."""
    weights = state.weights
    target = aimed(state)
    if weights.overlay and weights.target == target:
        return state, ()
    weights = replace(weights, target=target, overlay=True, seq=weights.seq + 1)
    return replace(state, weights=weights), (SetWeights(100 - target, target, weights.seq, state.round),)


def release(state: State) -> Turn:
    """The HTTPRoute's own weights are in force again."""
    if not state.weights.overlay:
        return state, ()
    weights = replace(state.weights, overlay=False, seq=state.weights.seq + 1)
    return replace(state, weights=weights), (ReleaseOverlay(weights.seq),)


def acknowledge(state: State, seq: int, now: float) -> Turn:
    """Every worker does what number `seq` told. Others than the last one told say nothing."""
    weights = state.weights
    if seq != weights.seq or weights.acknowledged == seq:
        return state, ()
    before = weights.effective
    effective = weights.target if weights.overlay else 0
    state = replace(state, weights=replace(weights, acknowledged=seq, effective=effective, since=now))
    if effective == before:
        return state, ()
    message = f"the candidate's weight is {effective} % (was {before} %), acknowledged by every worker"
    return said(renewed(state), "TrafficWeightUpdated", message)


def on_readiness(state: State, event: Readiness, _now: float) -> Turn:
    """An arm has gained or lost endpoints: a candidate without any has weight 0 at once, and the step holds."""
    if event == state.ready:
        return state, ()
    before = state.ready
    state = replace(state, ready=event)
    if not state.weights.overlay or state.stage not in (*SHIFTING, "Promoted"):
        return state, ()
    turn = direct(state)
    lost = event.candidate == 0 and (before is None or before.candidate > 0)
    if lost and turn[1]:
        message = f"the candidate has no ready endpoint: weight 0 instead of {state.weights.desired} %, the step holds"
        return then(turn, lambda at: said(at, "NoReadyEndpoints", message, "Warning"))
    if turn[1]:
        message = f"the candidate has {event.candidate} ready endpoints: back to {state.weights.desired} %"
        return then(turn, lambda at: said(at, "EndpointsReady", message))
    return turn


def renewed(state: State) -> State:
    """A new run in every test, from the present weight on. What was seen before stays in the runs before."""
    share = state.weights.effective / 100
    return replace(
        state,
        metrics=tuple(map(renewed_metric, state.metrics)),
        keyed=closed(state.keyed, share),
        keyless=closed(state.keyless, share),
        load=Load(),
    )


def renewed_metric(metric: MetricState) -> MetricState:
    """The metric with a new run. Past `MOST_RUNS` the oldest counts are given up."""
    stable, candidate, first = metric.stable, metric.candidate, metric.first
    if stable[-1].requests or candidate[-1].requests:
        stable, candidate = (*stable, Trials()), (*candidate, Trials())
    if len(stable) > MOST_RUNS:
        stable, candidate, first = stable[1:], candidate[1:], first + 1
    return replace(metric, evidence=restarted(metric.evidence), stable=stable, candidate=candidate, first=first)


def closed(split: Split, share: float) -> Split:
    """Only the last cell stays open, for reports on their way; none if the share is the last cell's again."""
    cells, first = split.cells, split.first
    if len(cells) > MOST_RUNS:
        cells, first = cells[-MOST_RUNS:], first + len(cells) - MOST_RUNS
    again = bool(cells) and cells[-1].share == share
    return Split(cells, len(cells) if again else max(0, len(cells) - 1), first)


def forgotten(state: State) -> State:
    """Every test from the beginning, with the weight that later runs have: what was seen so far is given up."""
    return replace(
        state,
        metrics=tuple(map(forgotten_metric, state.metrics)),
        keyed=Split(first=state.keyed.first + len(state.keyed.cells)),
        keyless=Split(first=state.keyless.first + len(state.keyless.cells)),
        load=Load(),
    )


def forgotten_metric(metric: MetricState) -> MetricState:
    """One metric from e = 1: its units may count again."""
    return replace(
        metric,
        evidence=restarted(metric.evidence, forget=True),
        seen=(),
        stable=(Trials(),),
        candidate=(Trials(),),
        first=metric.first + len(metric.stable),
    )
