"""InferenceRollout's `spec`, as users write it (turnout.dev/v1alpha1)."""

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta

from turnout.resources.durations import milliseconds
from turnout.resources.faults import Fault, broken, invalid, required
from turnout.resources.words import Duration, Group, KindName, ObjectName, Part, SectionName

Builtin = Literal[
    "ErrorRate", "TTFT", "TPOT", "BrokenStream", "EmptyOutput", "InvalidJSON", "FinishReason", "ClientError"
]
Require = Literal["noHarm", "nonInferior"]
OnInsufficientData = Literal["Wait", "Pause", "Proceed"]

TIMED = ("TTFT", "TPOT")
"""Builtins that miss by being slow: they need a threshold, or a quantile of stable's own times."""


class TargetReference(Part, frozen=True):
    """The HTTPRoute, or the rule of it with the name `section_name`; without one, every rule that names `stable`."""

    name: ObjectName
    group: Group = "gateway.networking.k8s.io"
    kind: KindName = "HTTPRoute"
    section_name: SectionName | None = None


class PoolReference(Part, frozen=True):
    """An InferencePool in the rollout's own namespace."""

    name: ObjectName
    group: Group = "inference.networking.k8s.io"
    kind: KindName = "InferencePool"


class PauseStep(Part, frozen=True):
    """Waits for `duration`, or until promoted."""

    duration: Duration | None = None


class AnalysisStep(Part, frozen=True):
    """Passes once it has lasted `min_duration` with `min_samples` of the candidate's and nothing speaks against it."""

    min_duration: Duration = "0s"
    min_samples: Annotated[int, Meta(ge=1)] = 50
    max_duration: Duration | None = None
    require: Require = "noHarm"

    def faults(self) -> Iterator[Fault]:
        """The longest time is not shorter than the shortest."""
        if self.max_duration is not None and milliseconds(self.max_duration) < milliseconds(self.min_duration):
            yield invalid("maxDuration", self.max_duration, f"must not be shorter than minDuration {self.min_duration}")


class Step(Part, frozen=True):
    """Exactly one of the fields."""

    set_weight: Annotated[int, Meta(ge=0, le=100)] | None = None
    pause: PauseStep | None = None
    analysis: AnalysisStep | None = None

    def faults(self) -> Iterator[Fault]:
        """Exactly one of the fields is there."""
        if sum(one is not None for one in (self.set_weight, self.pause, self.analysis)) != 1:
            yield broken("", "object", "exactly one of setWeight, pause, analysis is required")


class Bake(Part, frozen=True):
    """How long the whole traffic stays on the candidate, with stable kept, before the rollout ends."""

    duration: Duration = "0s"


class Canary(Part, frozen=True):
    """No steps: 1, 10, 25, 50, 100 percent, each with an analysis."""

    steps: Annotated[tuple[Step, ...], Meta(max_length=100)] = ()
    bake: Bake | None = None

    def faults(self) -> Iterator[Fault]:
        """Weights never decrease."""
        highest = 0
        for place, step in enumerate(self.steps):
            if step.set_weight is None:
                continue
            if step.set_weight < highest:
                yield invalid(
                    f"steps[{place}].setWeight", step.set_weight, f"must not be below {highest}, the weight before it"
                )
            highest = max(highest, step.set_weight)


class Strategy(Part, frozen=True):
    """How the candidate gets its traffic."""

    canary: Canary = Canary()


class Compare(Part, frozen=True):
    """The candidate is held against stable. `max_relative_increase` 0.1 tolerates ten percent more misses."""

    max_relative_increase: Annotated[float, Meta(ge=0, le=100)] = 0.0


class Objective(Part, frozen=True):
    """Each arm is held against a limit: a share of its requests."""

    max_miss_rate: Annotated[float, Meta(gt=0, lt=1)]


class Metric(Part, frozen=True):
    """One kind of miss. With neither `compare` nor `objective` it is compared, and nothing is tolerated."""

    name: ObjectName
    builtin: Builtin
    threshold: Duration | None = None
    baseline_quantile: Annotated[float, Meta(gt=0, lt=1)] | None = None
    compare: Compare | None = None
    objective: Objective | None = None

    def faults(self) -> Iterator[Fault]:
        """A time needs exactly one bound; the others take none."""
        given = [self.threshold is not None, self.baseline_quantile is not None]
        if self.builtin in TIMED and not any(given):
            yield required("threshold", f"{self.builtin} needs threshold or baselineQuantile")
        if all(given):
            yield broken("", "object", "threshold and baselineQuantile exclude one another")
        if self.builtin not in TIMED and any(given):
            name = "threshold" if given[0] else "baselineQuantile"
            yield Fault(name, "FieldValueForbidden", None, f"{self.builtin} takes no {name}")
        if self.threshold is not None and milliseconds(self.threshold) == 0:
            yield invalid("threshold", self.threshold, "must be above zero")


DEFAULT_METRICS = (
    Metric(name="errors", builtin="ErrorRate"),
    Metric(name="broken-streams", builtin="BrokenStream"),
)


class AnalysisSpec(Part, frozen=True):
    """`alpha` is the chance of aborting a candidate that is no worse: over all metrics, over the whole rollout."""

    alpha: Annotated[float, Meta(gt=0, le=0.5)] = 0.01
    on_insufficient_data: OnInsufficientData = "Pause"
    metrics: Annotated[tuple[Metric, ...], Meta(max_length=32)] = ()

    def faults(self) -> Iterator[Fault]:
        """Names are unique; at least one metric can stop the rollout."""
        seen: set[str] = set()
        for place, metric in enumerate(self.metrics):
            if metric.name in seen:
                yield Fault(f"metrics[{place}].name", "FieldValueDuplicate", metric.name)
            seen.add(metric.name)
        if self.metrics and all(one.compare is None and one.objective is not None for one in self.metrics):
            yield broken("metrics", "array", "at least one metric must be compared with stable")


class RolloutSpec(Part, frozen=True):
    """Which traffic goes from where to where, how, and what is watched."""

    target_ref: TargetReference
    stable: PoolReference
    candidate: PoolReference
    strategy: Strategy = Strategy()
    analysis: AnalysisSpec = AnalysisSpec()
    cold_grace: Duration = "30s"
    progress_deadline_seconds: Annotated[int, Meta(ge=1)] = 600

    def faults(self) -> Iterator[Fault]:
        """The two pools differ; kinds are those that can be rolled out."""
        if self.stable == self.candidate:
            yield invalid("candidate.name", self.candidate.name, "must not be the stable pool")
        if self.target_ref.kind != "HTTPRoute":
            yield Fault(
                "targetRef.kind", "FieldValueNotSupported", self.target_ref.kind, 'supported values: "HTTPRoute"'
            )
        for field, pool in (("stable", self.stable), ("candidate", self.candidate)):
            if pool.kind != "InferencePool":
                yield Fault(f"{field}.kind", "FieldValueNotSupported", pool.kind, 'supported values: "InferencePool"')
