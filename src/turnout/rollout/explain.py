"""The numbers behind a verdict: counts, ratios, intervals and e-values, and what each of them is held against."""

from collections.abc import Iterable
from math import exp, inf, isinf

from msgspec import Struct

from turnout.judge import Interval, judged, log_excess, log_mismatch, share_interval
from turnout.judge.verdict import Bounds
from turnout.rollout.gates import exceeds
from turnout.rollout.state import MetricState, State, bounds_of

LARGEST = 700.0


class ArmTrials(Struct, frozen=True, omit_defaults=True):
    """One arm's requests in this round that a metric could judge, those that missed, and their share's interval."""

    n: int
    miss: int
    low: float
    high: float


class MetricReport(Struct, frozen=True, rename="camel"):
    """One metric, whole. `counted` are misses of distinct units by arm: what the e-values are made of.

    `ratio` and `high` are None for infinity, `ratio` also where there is no miss; `threshold` is in seconds.
    """

    name: str
    builtin: str
    phase: str
    stable: ArmTrials
    candidate: ArmTrials
    counted_stable: int = 0
    counted_candidate: int = 0
    risk_ratio: float | None = None
    low: float = 0.0
    high: float | None = None
    e_value: float = 1.0
    limit: float | None = None
    safe_e_value: float = 1.0
    safe_limit: float | None = None
    tolerance: float | None = None
    margin: float | None = None
    threshold: float | None = None
    objective: float | None = None
    objective_e_stable: float | None = None
    objective_e_candidate: float | None = None


class SplitReport(Struct, frozen=True, rename="camel"):
    """What was assigned in this round, against what was told."""

    kind: str
    cells: tuple[tuple[float, int, int], ...]
    e_value: float
    limit: float


def reports(state: State) -> tuple[MetricReport, ...]:
    """Every metric's numbers, from the same counts that the engine judges."""
    return tuple(report(state, metric) for metric in state.metrics)


def report(state: State, metric: MetricState) -> MetricReport:
    """One metric's numbers. Intervals hold at all times at once with chance 95 %."""
    bounds = bounds_of(state, metric)
    verdict = judged(metric.evidence, bounds or Bounds())
    tallies = [tally for run in metric.evidence.runs for tally in run]
    objective = metric.plan.max_miss_rate
    return MetricReport(
        name=metric.plan.name,
        builtin=metric.plan.builtin,
        phase=phase(state, metric, harmful=verdict.harmful, safe=verdict.safe),
        stable=arm(metric, candidate=False),
        candidate=arm(metric, candidate=True),
        counted_stable=sum(tally.stable for tally in tallies),
        counted_candidate=sum(tally.candidate for tally in tallies),
        risk_ratio=None if verdict.ratio is None or isinf(verdict.ratio) else verdict.ratio,
        low=verdict.interval.low,
        high=None if isinf(verdict.interval.high) else verdict.interval.high,
        e_value=exp(min(verdict.log_harm, LARGEST)),
        limit=None if bounds is None else 1 / bounds.alpha,
        safe_e_value=exp(min(verdict.log_safe, LARGEST)),
        safe_limit=None if bounds is None else 1 / bounds.beta,
        tolerance=metric.plan.tolerance,
        margin=None if bounds is None else bounds.margin,
        threshold=metric.threshold,
        objective=objective,
        objective_e_stable=excess(metric, candidate=False),
        objective_e_candidate=excess(metric, candidate=True),
    )


def phase(state: State, metric: MetricState, *, harmful: bool, safe: bool) -> str:
    """`Failed`, `Degraded` (misses an objective), `NonInferior`, `Running`, or `NoData`."""
    if harmful:
        return "Failed"
    if metric.plan.max_miss_rate is not None and any(
        exceeds(state, metric, candidate=candidate) for candidate in (False, True)
    ):
        return "Degraded"
    if not sum(run.requests for run in metric.candidate):
        return "NoData"
    return "NonInferior" if safe else "Running"


def arm(metric: MetricState, *, candidate: bool) -> ArmTrials:
    """One arm's counts over all kept runs."""
    runs = metric.candidate if candidate else metric.stable
    requests, misses = sum(run.requests for run in runs), sum(run.misses for run in runs)
    interval = share_interval(misses, requests) if misses <= requests else Interval(0.0, 1.0)
    return ArmTrials(requests, misses, interval.low, interval.high)


def excess(metric: MetricState, *, candidate: bool) -> float | None:
    """The e-value against an arm's keeping the objective."""
    if metric.plan.max_miss_rate is None:
        return None
    runs = metric.candidate if candidate else metric.stable
    return exp(min(log_excess(runs, metric.plan.max_miss_rate, metric.first), LARGEST))


def split_reports(state: State) -> tuple[SplitReport, ...]:
    """Distinct keys, and keyless requests: what fell where."""
    limit = 2 / state.plan.alpha if state.plan is not None else inf
    return tuple(
        SplitReport(
            kind,
            tuple((one.share, one.candidate, one.stable) for one in split.cells),
            exp(min(log_mismatch(split.cells, split.first), LARGEST)),
            limit,
        )
        for kind, split in (("keyed", state.keyed), ("keyless", state.keyless))
    )


def explained(state: State, only: str = "") -> str:
    """The verdict as text: a table of the metrics (or the one named `only`), then the split, then what it means."""
    rows = [one for one in reports(state) if only in ("", one.name)]
    head = ("METRIC", "STABLE", "CANDIDATE", "COUNTED", "RATIO [95% anytime]", "EVIDENCE", "SAFE", "VERDICT")
    lines = table([head, *(row(one) for one in rows)])
    for one in rows:
        lines += details(one)
    for split in split_reports(state):
        cells = ", ".join(f"{hits}/{hits + others} at {100 * share:g} %" for share, hits, others in split.cells)
        lines.append(f"split, {split.kind}: {cells or 'nothing yet'} (e = {split.e_value:.3g} of {split.limit:.0f})")
    if state.gaps:
        lines.append(f"{state.gaps} reports are missing: missing data is never success")
    if state.outcome is not None:
        lines.append(f"{state.outcome.reason}: {state.outcome.message}")
    return "\n".join(lines)


def row(one: MetricReport) -> tuple[str, ...]:
    """One metric's line."""
    ratio = "inf" if one.counted_candidate and not one.counted_stable else "-"
    if one.risk_ratio is not None:
        ratio = f"{one.risk_ratio:.3g}"
    high = "inf" if one.high is None else f"{one.high:.3g}"
    return (
        one.name,
        f"{one.stable.miss}/{one.stable.n}",
        f"{one.candidate.miss}/{one.candidate.n}",
        f"{one.counted_stable}+{one.counted_candidate}",
        f"{ratio} [{one.low:.3g}, {high}]",
        "-" if one.limit is None else f"e={one.e_value:.3g}/{one.limit:.0f}",
        "-" if one.safe_limit is None else f"e={one.safe_e_value:.3g}/{one.safe_limit:.0f}",
        one.phase,
    )


def details(one: MetricReport) -> list[str]:
    """What the line is held against, in words."""
    lines = []
    if one.tolerance is not None and one.limit is not None:
        lines.append(
            f"{one.name}: aborts when e reaches {one.limit:.0f} (ratio above {one.tolerance:g}); "
            f"non-inferior when SAFE reaches {one.safe_limit or 0:.0f} (ratio below {one.margin or 0:g})"
        )
    if one.threshold is not None:
        lines.append(f"{one.name}: a miss is {one.builtin} above {1000 * one.threshold:.0f} ms")
    if one.objective is not None:
        lines.append(
            f"{one.name}: objective {100 * one.objective:g} % misses, e stable = {one.objective_e_stable or 0:.3g}, "
            f"e candidate = {one.objective_e_candidate or 0:.3g}"
        )
    return lines


def table(rows: Iterable[tuple[str, ...]]) -> list[str]:
    """The rows with their columns lined up."""
    every = list(rows)
    widths = [max(len(one[column]) for one in every) for column in range(len(every[0]))]
    return ["  ".join(text.ljust(width) for text, width in zip(one, widths, strict=True)).rstrip() for one in every]
