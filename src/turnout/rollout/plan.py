"""The plan: a spec with its defaults filled in, its words turned into numbers, and nothing left to be wrong."""

from collections.abc import Iterator

from msgspec import Struct, structs

from turnout.resources.durations import milliseconds
from turnout.resources.faults import Fault, joined
from turnout.resources.inferencerollout import (
    DEFAULT_METRICS,
    Builtin,
    Metric,
    OnInsufficientData,
    Require,
    RolloutSpec,
    Step,
)
from turnout.resources.words import Part

RAMP = (1, 10, 25, 50, 100)
"""Percent. 25 finds a doubling almost as fast as 50 at half the exposure; 1 is for what is plainly broken."""

MARGIN = 2.0
"""The risk ratio that `require: nonInferior` rules out."""


class SetWeight(Struct, frozen=True, tag="setWeight"):
    """Done when every worker has acknowledged `weight` percent."""

    weight: int


class Hold(Struct, frozen=True, tag="pause"):
    """Done after `duration` seconds; None: when promoted."""

    duration: float | None = None


class Gate(Struct, frozen=True, tag="analysis"):
    """Done when the analysis passes. Times in seconds; `min_samples` of the candidate, of every compared metric."""

    min_duration: float
    min_samples: int
    max_duration: float | None = None
    require: Require = "noHarm"


PlanStep = SetWeight | Hold | Gate


class MetricPlan(Struct, frozen=True, omit_defaults=True):
    """`threshold` in seconds; `tolerance` is the risk ratio that is no harm yet."""

    name: str
    builtin: Builtin
    threshold: float | None = None
    baseline_quantile: float | None = None
    tolerance: float = 1.0
    max_miss_rate: float | None = None

    @property
    def margin(self) -> float:
        """The risk ratio that non-inferiority rules out: above what is tolerated."""
        return max(MARGIN, 1.5 * self.tolerance)


class Plan(Struct, frozen=True):
    """What the engine follows. The last weight is always 100. Times in seconds.

    `route` and the pools are names; `section` is a rule's name, None for every rule that names `stable`.
    """

    route: str
    stable: str
    candidate: str
    steps: tuple[PlanStep, ...]
    bake: float
    alpha: float
    on_insufficient_data: OnInsufficientData
    metrics: tuple[MetricPlan, ...]
    cold_grace: float
    progress_deadline: float
    quarantine: bool = True
    section: str | None = None

    @property
    def alpha_each(self) -> float:
        """What each compared metric may err: alpha is split over them."""
        return self.alpha / max(1, len(self.metrics))


def planned(spec: RolloutSpec) -> Plan:
    """The plan of a spec without faults."""
    canary = spec.strategy.canary
    return Plan(
        route=spec.target_ref.name,
        section=spec.target_ref.section_name,
        stable=spec.stable.name,
        candidate=spec.candidate.name,
        steps=completed(tuple(map(plan_step, canary.steps))) if canary.steps else default_steps(),
        bake=seconds(canary.bake.duration) if canary.bake else 0.0,
        alpha=spec.analysis.alpha,
        on_insufficient_data=spec.analysis.on_insufficient_data,
        metrics=tuple(map(plan_metric, spec.analysis.metrics or DEFAULT_METRICS)),
        cold_grace=seconds(spec.analysis.cold_grace),
        progress_deadline=float(spec.progress_deadline_seconds),
        quarantine=spec.rollback.quarantine,
    )


def plan_step(step: Step) -> PlanStep:
    """One step, typed."""
    if step.set_weight is not None:
        return SetWeight(step.set_weight)
    if step.analysis is not None:
        one = step.analysis
        longest = None if one.max_duration is None else seconds(one.max_duration)
        return Gate(seconds(one.min_duration), one.min_samples, longest, one.require)
    pause = step.pause
    return Hold(None if pause is None or pause.duration is None else seconds(pause.duration))


def plan_metric(metric: Metric) -> MetricPlan:
    """One metric, in numbers."""
    return MetricPlan(
        name=metric.name,
        builtin=metric.builtin,
        threshold=None if metric.threshold is None else seconds(metric.threshold),
        baseline_quantile=metric.baseline_quantile,
        tolerance=1.0 + (metric.compare.max_relative_increase if metric.compare else 0.0),
        max_miss_rate=None if metric.objective is None else metric.objective.max_miss_rate,
    )


def default_steps() -> tuple[PlanStep, ...]:
    """Each weight of `RAMP` with a gate; the last is left to the bake."""
    gate = Gate(min_duration=60.0, min_samples=50, max_duration=3600.0)
    ramp = [step for weight in RAMP[:-1] for step in (SetWeight(weight), gate)]
    return (*ramp, SetWeight(RAMP[-1]))


def completed(steps: tuple[PlanStep, ...]) -> tuple[PlanStep, ...]:
    """The steps, with 100 percent at the end where they stop short of it."""
    weights = [step.weight for step in steps if isinstance(step, SetWeight)]
    return steps if weights and weights[-1] == 100 else (*steps, SetWeight(100))


def seconds(duration: str) -> float:
    """`1m30s` is 90.0."""
    return milliseconds(duration) / 1000.0


def faults_of(part: Part, path: str = "spec") -> Iterator[Fault]:
    """Every fault between the fields of a decoded spec and of its parts, with field paths from `path`.

    For specs that did not come through our own admission, or were admitted by an older version of it.
    """
    for fault in part.faults():
        yield fault.under(path)
    for field in structs.fields(part):
        value = getattr(part, field.name)
        where = joined(path, field.encode_name)
        if isinstance(value, Part):
            yield from faults_of(value, where)
        elif isinstance(value, tuple):
            for place, item in enumerate(value):
                if isinstance(item, Part):
                    yield from faults_of(item, f"{where}[{place}]")
