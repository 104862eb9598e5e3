"""What a report means: harm aborts, a bad environment and a wrong split pause, the rest is kept."""

from math import exp, log

from turnout.judge import log_harm, log_mismatch
from turnout.rollout.counting import counted, fresh, heavy_keys
from turnout.rollout.gates import exceeds, harm_text, missed_text
from turnout.rollout.instructions import EmitEvent, SetThresholds
from turnout.rollout.observations import Observations
from turnout.rollout.rounds import abort
from turnout.rollout.state import SHIFTING, MetricState, Split, State, bounds_of
from turnout.rollout.stepping import bake, on_tick_running
from turnout.rollout.turn import Turn, paused, said, then


def on_observations(state: State, event: Observations, now: float) -> Turn:
    """Counts the report, then judges: also during pauses, where only an abort may come of it."""
    if not fresh(state, event):
        return state, ()
    before = state
    state = counted(state, event, now)
    turn = announced(before, state)
    if state.stage not in SHIFTING or not state.weights.overlay or event.round != state.round:
        return turn
    if event.misses:
        harmed = next((one for one in state.metrics if harmful(state, one)), None)
        if harmed is not None:
            return then(turn, lambda at: abort(at, "AnalysisFailed", harm_text(at, harmed), now))
    if state.pause is not None:
        return turn
    trouble = environment(state) or mismatch(state)
    if trouble is not None:
        return then(turn, lambda at: paused(at, *trouble, now))
    go_on = bake if state.stage == "Baking" else lambda at, now: on_tick_running(at, event, now)
    return then(turn, lambda at: go_on(at, now))


def announced(before: State, state: State) -> Turn:
    """What the report has fixed or shown for the first time: thresholds, heavy keys."""
    turn: Turn = (state, ())
    fixed = {
        new.plan.name: new.threshold
        for old, new in zip(before.metrics, state.metrics, strict=True)
        if old.threshold is None and new.threshold is not None
    }
    if fixed:
        turn = then(turn, lambda at: (at, (SetThresholds(fixed),)))
        text = ", ".join(f"{name} {1000 * seconds:.0f} ms" for name, seconds in fixed.items())
        turn = then(turn, lambda at: said(at, "ThresholdsFixed", f"from stable's own times: {text}"))
    known = {one.key for one in heavy_keys(before.load)}
    found = [
        EmitEvent("HeavyKey", heavy_text(state, one.key), "Warning")
        for one in heavy_keys(state.load)
        if one.key not in known
    ]
    return turn[0], (*turn[1], *found)


def heavy_text(state: State, key: str) -> str:
    """A heavy key, in numbers."""
    total = state.load.stable + state.load.candidate
    requests = next(one.requests for one in state.load.keys if one.key == key)
    return (
        f'key "{key}" has {requests} of {total} requests ({100 * requests / total:.1f} %): it changes side as a whole'
    )


def harmful(state: State, metric: MetricState) -> bool:
    """The candidate is shown to be worse than is tolerated."""
    bounds = bounds_of(state, metric)
    return bounds is not None and log_harm(metric.evidence, bounds.tolerance) >= log(1 / bounds.alpha)


def environment(state: State) -> tuple[str, str] | None:
    """Both arms miss an objective: it is not the candidate. At 100 percent there is no stable to tell."""
    for metric in state.metrics:
        if metric.plan.max_miss_rate is None or not exceeds(state, metric, candidate=True):
            continue
        if exceeds(state, metric, candidate=False):
            stable, candidate = metric.stable[-1], metric.candidate[-1]
            return "EnvironmentDegraded", (
                f"{metric.plan.name}: both arms miss the objective of {100 * metric.plan.max_miss_rate:g} %: stable "
                f"{stable.misses} of {stable.requests}, candidate {candidate.misses} of {candidate.requests} requests"
            )
        if state.stage == "Baking":
            return "ObjectiveMissed", missed_text(metric)
    return None


def mismatch(state: State) -> tuple[str, str] | None:
    """Keys, or keyless requests, do not fall on the arms as they were told to."""
    assert state.plan is not None
    for what, split in (("distinct keys", state.keyed), ("keyless requests", state.keyless)):
        evidence = log_mismatch(split.cells, split.first)
        if evidence >= log(2 / state.plan.alpha):
            return "SampleRatioMismatch", mismatch_text(what, split, evidence)
    return None


def mismatch_text(what: str, split: Split, evidence: float) -> str:
    """A wrong split, in numbers."""
    parts = ", ".join(
        f"{one.candidate} of {one.candidate + one.stable} at {100 * one.share:g} %"
        for one in split.cells
        if one.candidate + one.stable
    )
    return f"{what} on the candidate: {parts} (e = {exp(min(evidence, 50)):.3g})"
