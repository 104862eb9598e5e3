"""Studies: many rollouts of one kind, and what is to be said of them."""

from collections import Counter
from collections.abc import Iterator

from msgspec import Struct

from turnout.judge.sampling import binomial_interval
from turnout.resources.inferencerollout import (
    AnalysisSpec,
    AnalysisStep,
    Bake,
    Canary,
    Metric,
    PoolReference,
    RolloutSpec,
    Step,
    Strategy,
    TargetReference,
)
from turnout.runners.laboratory.play import Played, Stage
from turnout.runners.laboratory.traffic import Traffic

ALPHA = 0.01
KINDS: dict[str, Traffic] = {
    "plain": Traffic(),
    "ramp and drift": Traffic(drift=4.0),
    "periodic, 1 in 10": Traffic(poisson=False, period=10, keyed=0.0, errors=0.01),
    "periodic, 1 in 2": Traffic(poisson=False, period=2, keyed=0.0, errors=0.01, hard=0.3),
    "heavy key": Traffic(heavy=0.08, keyed=0.5),
    "clustered errors": Traffic(clustered=0.2, keyed=0.7, sessions=120, errors=0.02),
    "cold candidate": Traffic(cold=25.0, keyed=0.6),
    "all at once": Traffic(drift=3.0, heavy=0.06, clustered=0.1, cold=25.0, period=10, keyed=0.5),
}


class Group(Struct, frozen=True):
    """The rollouts of one kind of traffic. `aborted` are false aborts; `low` and `high` their share's 95 % interval."""

    kind: str
    rollouts: int
    aborted: int
    low: float
    high: float
    ends: dict[str, int]
    requests: int


class Power(Struct, frozen=True):
    """One cell of the power table: medians, and the 90th percentile of events, over the rollouts that aborted."""

    metric: str
    share: int
    times: float
    rollouts: int
    aborted: int
    events: float
    events_p90: float
    requests: float
    candidate_requests: float
    seconds: float
    ends: dict[str, int]


def ramp(samples: int = 30, seconds: int = 60) -> RolloutSpec:
    """The default ramp, quickened: 1, 10, 25, 50, 100 percent, each with an analysis; two metrics."""
    gate = Step(analysis=AnalysisStep(min_duration=f"{seconds}s", min_samples=samples, max_duration="2h"))
    steps = tuple(step for weight in (1, 10, 25, 50) for step in (Step(set_weight=weight), gate))
    return spec_of((*steps, Step(set_weight=100)), Bake(f"{seconds}s"))


def fixed(share: int, metric: str) -> RolloutSpec:
    """One weight, kept; one metric, with all of alpha."""
    gate = Step(analysis=AnalysisStep(min_duration="24h"))
    return spec_of((Step(set_weight=share), gate, Step(set_weight=100)), None, only=metric)


def spec_of(steps: tuple[Step, ...], bake: Bake | None, only: str = "") -> RolloutSpec:
    """A spec over the laboratory's two pools."""
    metrics = (Metric(name="errors", builtin="ErrorRate"), Metric(name="ttft", builtin="TTFT", threshold="800ms"))
    return RolloutSpec(
        target_ref=TargetReference(name="lab"),
        stable=PoolReference(name="stable"),
        candidate=PoolReference(name="candidate"),
        strategy=Strategy(canary=Canary(steps=steps, bake=bake)),
        analysis=AnalysisSpec(alpha=ALPHA, metrics=tuple(one for one in metrics if only in ("", one.name))),
    )


def null_study(rollouts: int, seed: int = 1, spec: RolloutSpec | None = None) -> Iterator[Group]:
    """A/A: the candidate is stable's equal. The kinds of traffic in equal parts, then all of them together."""
    plan = spec or ramp()
    whole: list[Played] = []
    for place, (kind, traffic) in enumerate(KINDS.items()):
        count = rollouts * (place + 1) // len(KINDS) - rollouts * place // len(KINDS)
        played = [
            Stage(plan, traffic, seed * 1_000_000 + place * 100_000 + one).play(7200, 5.0) for one in range(count)
        ]
        whole += played
        yield group(kind, played)
    yield group("together", whole)


def group(kind: str, played: list[Played]) -> Group:
    """The group's numbers."""
    aborted = sum(one.reason == "AnalysisFailed" for one in played)
    interval = binomial_interval(aborted, len(played)) if played else None
    return Group(
        kind=kind,
        rollouts=len(played),
        aborted=aborted,
        low=interval.low if interval else 0.0,
        high=interval.high if interval else 1.0,
        ends=ends_of(played),
        requests=sum(one.requests for one in played),
    )


def ends_of(played: list[Played]) -> dict[str, int]:
    """How they ended, the most frequent first."""
    return dict(Counter(f"{one.stage}/{one.reason}" for one in played).most_common())


def power_study(rollouts: int, seed: int = 1) -> Iterator[Power]:
    """Harm by metric, share and factor: how soon it is caught."""
    cells = [
        (metric, share, times) for metric in ("errors", "ttft") for share in (5, 10, 25, 50) for times in (2, 3, 5, 10)
    ]
    for place, (metric, share, times) in enumerate(cells):
        rate, chance = 20.0, 0.01 if metric == "errors" else 0.05
        harm = Traffic(
            rate=rate,
            errors=chance if metric == "errors" else 0.0,
            ttft=chance if metric == "ttft" else 0.0,
            errors_times=times if metric == "errors" else 1.0,
            ttft_times=times if metric == "ttft" else 1.0,
            keyed=0.3,
            sessions=5000,
            turnover=1.0,
        )
        first = seed * 1_000_000 + place * 10_000
        played = [Stage(fixed(share, metric), harm, first + one).play(20_000, 2.0) for one in range(rollouts)]
        yield cell(metric, share, times, played)


def cell(metric: str, share: int, times: float, played: list[Played]) -> Power:
    """One cell's numbers."""
    caught = [one for one in played if one.reason == "AnalysisFailed"]
    return Power(
        metric=metric,
        share=share,
        times=times,
        rollouts=len(played),
        aborted=len(caught),
        events=quantile([one.events for one in caught], 0.5),
        events_p90=quantile([one.events for one in caught], 0.9),
        requests=quantile([one.requests for one in caught], 0.5),
        candidate_requests=quantile([one.candidate_requests for one in caught], 0.5),
        seconds=quantile([one.seconds for one in caught], 0.5),
        ends=ends_of(played),
    )


def quantile(values: list[int] | list[float], at: float) -> float:
    """The value at that place of the sorted values; 0 for none."""
    return float(sorted(values)[min(len(values) - 1, int(at * len(values)))]) if values else 0.0
