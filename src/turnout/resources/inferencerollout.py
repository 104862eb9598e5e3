"""InferenceRollout: traffic goes from one InferencePool to another, step by step, as long as nothing speaks against it.

turnout.dev/v1alpha1. Field names are Argo Rollouts' (`strategy.canary.steps`, `setWeight`, `pause`, `analysis`) and the
Gateway API's (`group`, `kind`, `name`, `sectionName`).
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta, field

from turnout.resources.document import JSON
from turnout.resources.durations import milliseconds
from turnout.resources.faults import Fault, broken, invalid, required, unsupported
from turnout.resources.metadata import Resource
from turnout.resources.words import Duration, Group, HeaderName, KindName, ObjectName, Part, SectionName

Builtin = Literal[
    "ErrorRate", "TTFT", "TPOT", "BrokenStream", "EmptyOutput", "InvalidJSON", "FinishReason", "ClientError"
]
Require = Literal["noHarm", "nonInferior"]
OnInsufficientData = Literal["Wait", "Pause", "Proceed"]
Stratum = Literal["promptLength"]

TIMED = ("TTFT", "TPOT")
"""Builtins that miss by being slow: they need a threshold, or a quantile of stable's own times."""

MetricName = Annotated[str, Meta(max_length=63, pattern="^[A-Za-z0-9]([-_.A-Za-z0-9]*[A-Za-z0-9])?$")]
BodyField = Annotated[str, Meta(max_length=64, pattern="^[A-Za-z_][A-Za-z0-9_]*$")]
Percent = Annotated[int, Meta(ge=0, le=100)]


class TargetReference(Part, frozen=True):
    """The HTTPRoute, or the rule of it with the name `section_name`; without one, every rule that names `stable`."""

    name: ObjectName
    group: Group = "gateway.networking.k8s.io"
    kind: KindName = "HTTPRoute"
    section_name: SectionName | None = None

    def faults(self) -> Iterator[Fault]:
        """Only an HTTPRoute splits requests."""
        yield from kind_faults(self.group, self.kind, "gateway.networking.k8s.io", "HTTPRoute")


class PoolReference(Part, frozen=True):
    """An InferencePool in the rollout's own namespace."""

    name: ObjectName
    group: Group = "inference.networking.k8s.io"
    kind: KindName = "InferencePool"

    def faults(self) -> Iterator[Fault]:
        """Only InferencePools can be rolled out."""
        yield from kind_faults(self.group, self.kind, "inference.networking.k8s.io", "InferencePool")


class PauseStep(Part, frozen=True):
    """Waits for `duration`; without one, until it is promoted."""

    duration: Duration | None = None


class AnalysisStep(Part, frozen=True):
    """Passes once it has lasted `min_duration` with `min_samples` of the candidate's and nothing speaks against it.

    `require: nonInferior` asks for evidence that the candidate is no worse. What has not passed within `max_duration`
    is subject to `on_insufficient_data`; without one it waits on.
    """

    min_duration: Duration = "0s"
    min_samples: Annotated[int, Meta(ge=1)] = 50
    max_duration: Duration | None = None
    require: Require = "noHarm"

    def faults(self) -> Iterator[Fault]:
        """The longest time is not shorter than the shortest."""
        if self.max_duration is not None and milliseconds(self.max_duration) < milliseconds(self.min_duration):
            yield invalid("maxDuration", self.max_duration, f"must not be shorter than minDuration {self.min_duration}")


class Step(Part, frozen=True):
    """Exactly one of the fields. `set_weight` is the candidate's percent."""

    set_weight: Percent | None = None
    pause: PauseStep | None = None
    analysis: AnalysisStep | None = None

    def faults(self) -> Iterator[Fault]:
        """A step is one thing."""
        if sum(one is not None for one in (self.set_weight, self.pause, self.analysis)) != 1:
            yield broken("", "object", "exactly one of setWeight, pause, analysis must be given")


class Bake(Part, frozen=True):
    """How long the candidate is watched with all of the traffic, stable being kept, before the rollout is done."""

    duration: Duration = "0s"


class Canary(Part, frozen=True):
    """Weights rise step by step. No steps: 1, 10, 25, 50 and 100 percent with analyses.

    The default steps are the plan's (`turnout.rollout`), not the API's: the object stays as it was written.
    """

    steps: Annotated[tuple[Step, ...], Meta(max_length=100)] = ()
    bake: Bake | None = None

    def faults(self) -> Iterator[Fault]:
        """Weights never decrease."""
        highest = 0
        for place, step in enumerate(self.steps):
            weight = highest if step.set_weight is None else step.set_weight
            if weight < highest:
                rule = f"must not be less than {highest}, the weight before it"
                yield invalid(f"steps[{place}].setWeight", weight, rule)
            highest = max(highest, weight)


class Strategy(Part, frozen=True):
    """How the candidate gets its traffic."""

    canary: Canary = Canary()


class Compare(Part, frozen=True):
    """The candidate is held against stable. `max_relative_increase` 0.1 tolerates ten percent more misses."""

    max_relative_increase: Annotated[float, Meta(ge=0, le=100)] = 0.0


class Objective(Part, frozen=True):
    """Each arm is held against a limit: the share of its requests that may miss, above 0 and below 1."""

    max_miss_rate: Annotated[float, Meta(ge=0, le=1)]

    def faults(self) -> Iterator[Fault]:
        """A limit that can be kept, and that can be broken."""
        yield from between("maxMissRate", self.max_miss_rate, 1)


class Metric(Part, frozen=True):
    """One kind of miss. It is always compared with stable; without `compare` nothing is tolerated.

    A request misses TTFT or TPOT by being slower than `threshold`, or than the `baseline_quantile` of stable's times.
    """

    name: MetricName
    builtin: Builtin
    threshold: Duration | None = None
    baseline_quantile: Annotated[float, Meta(ge=0, le=1)] | None = None
    compare: Compare | None = None
    objective: Objective | None = None

    def faults(self) -> Iterator[Fault]:
        """A time needs exactly one bound; the others take none."""
        given = {"threshold": self.threshold, "baselineQuantile": self.baseline_quantile}
        bounds = [name for name, value in given.items() if value is not None]
        if self.builtin not in TIMED:
            rule = f"{self.builtin} has no time; a limit on its share is objective.maxMissRate"
            yield from (Fault(name, "FieldValueForbidden", None, rule) for name in bounds)
        elif not bounds:
            yield required("threshold", f"{self.builtin} needs threshold or baselineQuantile")
        elif len(bounds) == 2:
            yield broken("", "object", "threshold and baselineQuantile exclude one another")
        if self.threshold is not None and not milliseconds(self.threshold):
            yield invalid("threshold", self.threshold, "must be above zero")
        if self.baseline_quantile is not None:
            yield from between("baselineQuantile", self.baseline_quantile, 1)


DEFAULT_METRICS = (
    Metric(name="errors", builtin="ErrorRate"),
    Metric(name="broken-streams", builtin="BrokenStream"),
    Metric(name="ttft", builtin="TTFT", baseline_quantile=0.95, compare=Compare(max_relative_increase=0.25)),
)
"""What is watched when no metric is named. Times are stable's own: any fixed one is wrong for some model."""


class AnalysisSpec(Part, frozen=True):
    """`alpha` is the chance of aborting a candidate that is no worse: over all metrics, over the whole rollout.

    No `metrics`: errors, broken streams and time to first token (`DEFAULT_METRICS`; like the default steps they are not
    written into the object). TTFT and TPOT count from `cold_grace` after each step on. When both arms are bad the
    rollout pauses, whoever is to blame.
    """

    alpha: Annotated[float, Meta(ge=0, le=0.5)] = 0.01
    on_insufficient_data: OnInsufficientData = "Pause"
    on_environment_degraded: Literal["Pause"] = "Pause"
    cold_grace: Duration = "30s"
    stratify_by: Annotated[tuple[Stratum, ...], Meta(extra_json_schema={"x-kubernetes-list-type": "set"})] = ()
    metrics: Annotated[tuple[Metric, ...], Meta(max_length=32)] = ()

    def faults(self) -> Iterator[Fault]:
        """Names are unique."""
        yield from between("alpha", self.alpha, 0.5)
        seen: set[str] = set()
        for place, metric in enumerate(self.metrics):
            if metric.name in seen:
                yield Fault(f"metrics[{place}].name", "FieldValueDuplicate", metric.name)
            seen.add(metric.name)


class PrefixHash(Part, frozen=True):
    """The first `messages` of a conversation."""

    messages: Annotated[int, Meta(ge=1, le=16)] = 2


class ClientIP(Part, frozen=True):
    """The client's address."""


class AffinityKey(Part, frozen=True):
    """What a request is assigned by: exactly one of the fields. `body_field` is a field of a JSON body's own level."""

    header: HeaderName | None = None
    body_field: BodyField | None = None
    prefix_hash: PrefixHash | None = None
    client_ip: ClientIP | None = field(default=None, name="clientIP")

    def faults(self) -> Iterator[Fault]:
        """A key is one thing."""
        if sum(one is not None for one in (self.header, self.body_field, self.prefix_hash, self.client_ip)) != 1:
            yield broken("", "object", "exactly one of header, bodyField, prefixHash, clientIP must be given")


class SessionAffinity(Part, frozen=True):
    """Requests with equal keys stay together. The first of `keys` that a request has is its key.

    Without session affinity the keys are those of every split: header x-session-id, then body field prompt_cache_key.
    """

    keys: Annotated[tuple[AffinityKey, ...], Meta(min_length=1, max_length=8)]


class Rollback(Part, frozen=True):
    """After an abort open streams have `drain_timeout_seconds` to finish on the candidate.

    `quarantine`: the same revision of the candidate gets no traffic again before a retry.
    """

    drain_timeout_seconds: Annotated[int, Meta(ge=0, le=86400)] = 600
    quarantine: bool = True


class RolloutSpec(Part, frozen=True):
    """Which traffic goes from where to where, how, and what is watched.

    `abort`, `paused` and a new `retry_token` are the user's words where the CLI is not used.
    """

    target_ref: TargetReference
    stable: PoolReference
    candidate: PoolReference
    session_affinity: SessionAffinity | None = None
    strategy: Strategy = Strategy()
    analysis: AnalysisSpec = AnalysisSpec()
    rollback: Rollback = Rollback()
    paused: bool = False
    abort: bool = False
    retry_token: Annotated[str, Meta(max_length=253)] | None = None
    progress_deadline_seconds: Annotated[int, Meta(ge=1)] = 3600

    def faults(self) -> Iterator[Fault]:
        """A pool is not rolled out to itself."""
        if self.stable == self.candidate:
            yield invalid("candidate.name", self.candidate.name, "must not be the stable pool")


class InferenceRollout(Resource, frozen=True, kw_only=True):
    """One rollout of one rule's traffic, or of all rules' that name `stable`. What `status` holds: `rolloutstatus`."""

    spec: RolloutSpec
    status: dict[str, JSON] = field(default_factory=dict)


def kind_faults(group: str, kind: str, only_group: str, only_kind: str) -> Iterator[Fault]:
    """A fault for each of the two that is not the only one supported."""
    if group != only_group:
        yield unsupported("group", group, [only_group])
    if kind != only_kind:
        yield unsupported("kind", kind, [only_kind])


def between(name: str, value: float, limit: float) -> Iterator[Fault]:
    """A fault unless 0 < `value` < `limit`. OpenAPI v3.0 has no numbers for open bounds."""
    if not 0 < value < limit:
        yield invalid(name, value, f"must be above 0 and below {limit}")
