"""One report added to what was seen: each report once, each unit's miss once."""

from collections import Counter
from collections.abc import Iterable
from math import ceil, log

from msgspec.structs import replace

from turnout.judge import SplitCount, Tally, Trials, observed
from turnout.rollout.observations import Assigned, Count, KeyLoad, Miss, Observations
from turnout.rollout.state import SHIFTING, SOURCES, Load, MetricState, Split, State
from turnout.rollout.weighing import forgotten_metric

MOST_UNITS = 5000
"""Units kept per metric. At the next one the sequence begins again from e = 1."""

MOST_KEYS = 64
HEAVY = 0.05
HEAVY_AT_LEAST = 200
"""Requests before a key is called heavy."""

ENOUGH_TIMES = 200
"""Times of stable's before a quantile of theirs is fixed as threshold."""

_BUCKET = log(1.05)


def fresh(state: State, event: Observations) -> bool:
    """The report is not one that was counted before."""
    return event.seq > state.reports.get(event.source, -1)


def counted(state: State, event: Observations, now: float) -> State:
    """The state with a fresh report in it."""
    last = state.reports.get(event.source)
    reports = {name: seq for name, seq in state.reports.items() if name != event.source}
    if len(reports) >= SOURCES:
        del reports[next(iter(reports))]
    state = replace(
        state,
        reports={**reports, event.source: event.seq},
        gaps=state.gaps + (0 if last is None else event.seq - last - 1),
        reported_at=now,
    )
    if event.round != state.round or not state.weights.overlay or state.stage not in SHIFTING:
        return state
    return replace(
        state,
        metrics=tuple(measured(metric, event) for metric in state.metrics),
        keyed=assigned(state.keyed, [one for one in event.assigned if one.keyed]),
        keyless=assigned(state.keyless, [one for one in event.assigned if not one.keyed]),
        load=loaded_with(state.load, event),
    )


def measured(metric: MetricState, event: Observations) -> MetricState:
    """One metric with a report's counts, misses and times in it."""
    name = metric.plan.name
    counts = [one for one in event.counts if one.metric == name]
    misses = [one for one in event.misses if one.metric == name]
    if counts:
        metric = replace(
            metric,
            stable=added(metric.stable, counts, "stable"),
            candidate=added(metric.candidate, counts, "candidate"),
        )
    if misses:
        metric = missed(metric, misses)
    times = event.times.get(name)
    return calibrated(metric, times) if times and metric.threshold is None else metric


def added(runs: tuple[Trials, ...], counts: Iterable[Count], arm: str) -> tuple[Trials, ...]:
    """The runs, the present one with an arm's counts."""
    total = runs[-1]
    for one in counts:
        if one.arm == arm:
            total = total.plus(Trials(one.requests, one.misses))
    return (*runs[:-1], total)


def missed(metric: MetricState, misses: list[Miss]) -> MetricState:
    """The evidence with the first miss of each unit not seen so far."""
    if len(metric.seen) >= MOST_UNITS:
        metric = forgotten_metric(metric)
    seen = set(metric.seen)
    units: list[int] = []
    tallies: Counter[tuple[float, str]] = Counter()
    for one in misses:
        if one.unit not in seen:
            seen.add(one.unit)
            units.append(one.unit)
            tallies[one.weight, one.arm] += 1
    if not units:
        return metric
    found = (
        Tally(share, count, 0) if arm == "candidate" else Tally(share, 0, count)
        for (share, arm), count in tallies.items()
    )
    return replace(metric, evidence=observed(metric.evidence, found), seen=(*metric.seen, *units))


def calibrated(metric: MetricState, times: Iterable[float]) -> MetricState:
    """Stable's times so far; the threshold, once there are enough of them to say where the quantile is."""
    if metric.plan.baseline_quantile is None:
        return metric
    buckets = Counter(metric.times)
    buckets.update(ceil(log(max(time, 1e-3) * 1000) / _BUCKET) for time in times)
    total = sum(buckets.values())
    if total < ENOUGH_TIMES:
        return replace(metric, times=dict(buckets))
    rank = 0
    for bucket, count in sorted(buckets.items()):
        rank += count
        if rank >= metric.plan.baseline_quantile * total:
            return replace(metric, times={}, threshold=1.05**bucket / 1000)
    raise AssertionError(total)


def assigned(split: Split, found: Iterable[Assigned]) -> Split:
    """The split with units added, each to the open cell of its share."""
    cells = list(split.cells)
    for one in found:
        new = one.split
        place = next((at for at in range(len(cells) - 1, split.open - 1, -1) if cells[at].share == new.share), None)
        if place is None:
            cells.append(new)
        else:
            old = cells[place]
            cells[place] = SplitCount(old.share, old.candidate + new.candidate, old.stable + new.stable)
    return Split(tuple(cells), split.open, split.first)


def loaded_with(load: Load, event: Observations) -> Load:
    """The load with a report's in it; of the keys the busiest are kept (Metwally et al., "Space-saving", 2005)."""
    keys = Counter({one.key: one.requests for one in load.keys})
    for one in event.keys:
        keys[one.key] += one.requests
    return Load(
        load.stable + event.stable_requests,
        load.candidate + event.candidate_requests,
        tuple(KeyLoad(key, count) for key, count in keys.most_common(MOST_KEYS)),
    )


def heavy_keys(load: Load) -> tuple[KeyLoad, ...]:
    """The keys above 5 % of the requests: too much of the traffic changes side with each of them."""
    total = load.stable + load.candidate
    if total < HEAVY_AT_LEAST:
        return ()
    return tuple(one for one in load.keys if one.requests > HEAVY * total)
