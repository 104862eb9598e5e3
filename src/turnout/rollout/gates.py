"""May the step go on? What an analysis step asks, answered from counts alone."""

from collections.abc import Iterator
from math import exp, log
from typing import Literal

from msgspec import Struct

from turnout.judge import judged, log_excess
from turnout.judge.evidence import log_safe
from turnout.rollout.plan import Gate
from turnout.rollout.state import MetricState, State, bounds_of

STALE = 10.0
"""Seconds without any report after which there is no data. Reporters without traffic report zeros."""


class Finding(Struct, frozen=True):
    """`Passed`; `Waiting` for time; `Insufficient` data or evidence; `Missed`: the candidate misses an objective."""

    kind: Literal["Passed", "Waiting", "Insufficient", "Missed"]
    message: str


def hold_reason(state: State) -> str:
    """Why the step's clock stands still; empty when it runs."""
    ready = state.ready
    if not state.weights.overlay:
        return "the route's own weights are in force"
    if ready is not None and ready.candidate == 0:
        return "the candidate has no ready endpoint"
    if ready is not None and ready.stable == 0 and state.weights.desired < 100:
        return "stable has no ready endpoint"
    if not state.weights.settled:
        return f"workers have not all acknowledged weight {state.weights.desired} %"
    return ""


def found(state: State, gate: Gate, since: float, now: float) -> Finding:
    """The finding on a gate that began at `since`: the first that speaks against passing. No data never passes."""
    waiting = now - since < gate.min_duration
    return next(
        objections(state, gate, now),
        Finding("Waiting", f"{now - since:.0f} of {gate.min_duration:.0f} s, no evidence of harm")
        if waiting
        else Finding("Passed", f"{samples(state, gate.min_samples)[1]} samples, no evidence of harm"),
    )


def objections(state: State, gate: Gate, now: float) -> Iterator[Finding]:
    """What speaks against passing, whatever the time spent so far."""
    if state.reported_at is None or now - state.reported_at > STALE:
        yield Finding("Insufficient", "no reports from the workers")
    name, count = samples(state, gate.min_samples)
    if count < gate.min_samples:
        yield Finding("Insufficient", f"{count}/{gate.min_samples} samples of {name or 'any metric'} on the candidate")
    for metric in state.metrics:
        if metric.plan.max_miss_rate is not None and exceeds(state, metric, candidate=True):
            yield Finding("Missed", missed_text(metric))
    if gate.require == "nonInferior":
        yield from unproven(state)


def samples(state: State, wanted: int) -> tuple[str, int]:
    """The metric of which the candidate has the fewest requests at this weight, and how many.

    A metric that stable itself has fewer than `wanted` of is too rare in this traffic to wait for (first tokens where
    nobody streams); if that is so of all, the one that is seen most counts.
    """
    counts = [
        (metric.candidate[-1].requests, metric.stable[-1].requests, metric.plan.name)
        if metric.threshold is not None or not timed(metric)
        else (0, wanted, metric.plan.name)
        for metric in state.metrics
    ]
    common = [(candidate, name) for candidate, stable, name in counts if stable >= wanted]
    seen = [(candidate, name) for candidate, _, name in counts]
    count, name = min(common) if common else max(seen, default=(0, ""))
    return name, count


def timed(metric: MetricState) -> bool:
    """The metric needs a threshold."""
    return metric.plan.threshold is not None or metric.plan.baseline_quantile is not None


def unproven(state: State) -> Iterator[Finding]:
    """A finding for each compared metric that is not shown to be non-inferior yet."""
    for metric in state.metrics:
        bounds = bounds_of(state, metric)
        if bounds is None:
            continue
        evidence = log_safe(metric.evidence, bounds.margin)
        if evidence < log(1 / bounds.beta):
            misses = sum(tally.candidate + tally.stable for run in metric.evidence.runs for tally in run)
            yield Finding(
                "Insufficient",
                f"{metric.plan.name}: {bounds.margin:g} times stable's misses is not ruled out yet "
                f"({misses} misses, e = {exp(min(evidence, 50)):.3g} of {1 / bounds.beta:.0f})",
            )


def exceeds(state: State, metric: MetricState, *, candidate: bool) -> bool:
    """An arm's miss rate is shown to be above the metric's objective."""
    limit, plan = metric.plan.max_miss_rate, state.plan
    if limit is None or plan is None:
        return False
    runs = metric.candidate if candidate else metric.stable
    objectives = sum(one.plan.max_miss_rate is not None for one in state.metrics)
    return log_excess(runs, limit, metric.first) >= log(2 * objectives / plan.alpha)


def missed_text(metric: MetricState) -> str:
    """How the candidate misses the objective, in numbers."""
    trials = metric.candidate[-1]
    limit = metric.plan.max_miss_rate or 0.0
    return (
        f"{metric.plan.name}: {trials.misses} of {trials.requests} of the candidate's requests missed, "
        f"above the objective of {100 * limit:g} %"
    )


def harm_text(state: State, metric: MetricState) -> str:
    """Why the candidate is called worse, in numbers."""
    bounds = bounds_of(state, metric)
    assert bounds is not None
    verdict = judged(metric.evidence, bounds)
    tallies = [tally for run in metric.evidence.runs for tally in run]
    candidate = sum(tally.candidate for tally in tallies)
    misses = candidate + sum(tally.stable for tally in tallies)
    high = "inf" if verdict.interval.high == float("inf") else f"{verdict.interval.high:.3g}"
    ratio = (
        "without any on stable" if verdict.ratio == float("inf") else f"{verdict.ratio or 0:.3g} times stable's risk"
    )
    return (
        f"{metric.plan.name}: {candidate} of {misses} misses on the candidate at weight {state.weights.effective} %: "
        f"{ratio} [{verdict.interval.low:.3g}, {high}], e = {exp(min(verdict.log_harm, 50)):.3g} >= "
        f"{1 / bounds.alpha:.0f} (alpha {state.plan.alpha if state.plan else 0:g} over the compared metrics)"
    )
