"""InferencePoolPolicy: how requests of a pool are placed, admitted and retried (turnout.dev/v1alpha1).

Policy attachment by `targetRefs` (Gateway API GEP-713). Names are those of the Inference Extension's and llm-d's
configuration (`queueDepthThreshold`, `maxRequests`) and of `XBackendTrafficPolicy` (`retryBudget`).
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta, field

from turnout.resources.document import JSON
from turnout.resources.faults import Fault, unsupported
from turnout.resources.metadata import Resource
from turnout.resources.modelserver import SecretKeyReference, UpstreamTLS
from turnout.resources.words import Duration, Group, KindName, ObjectName, Part

POOL_GROUP = "inference.networking.k8s.io"
Percent = Annotated[int, Meta(ge=0, le=100)]
Ratio = Annotated[float, Meta(ge=0, le=1)]
Count = Annotated[int, Meta(ge=1, le=1000000)]


class PolicyTargetReference(Part, frozen=True):
    """A pool in the policy's own namespace."""

    name: ObjectName
    group: Group = POOL_GROUP
    kind: KindName = "InferencePool"

    def faults(self) -> Iterator[Fault]:
        """Only InferencePools have these settings."""
        if self.group != POOL_GROUP:
            yield unsupported("group", self.group, [POOL_GROUP])
        if self.kind != "InferencePool":
            yield unsupported("kind", self.kind, ["InferencePool"])


class Scorer(Part, frozen=True):
    """One reason to prefer an endpoint, and how much it counts beside the others."""

    type: Literal["queue-scorer", "kv-cache-utilization-scorer", "active-request-scorer"]
    weight: Annotated[float, Meta(ge=0, le=1000)] = 1.0


class PickerProfile(Part, frozen=True):
    """The scorers that choose an endpoint, in place of the built-in ones."""

    scorers: Annotated[
        tuple[Scorer, ...],
        Meta(min_length=1, max_length=16, extra_json_schema={"x-kubernetes-list-map-keys": ["type"]}),
    ]


class Saturation(Part, frozen=True):
    """When an endpoint is full. Numbers older than `metrics_staleness_threshold` count as full."""

    queue_depth_threshold: Count = 5
    kv_cache_util_threshold: Ratio = 0.8
    metrics_staleness_threshold: Duration = "2s"


class FlowControl(Part, frozen=True):
    """How many requests may wait for a full pool, and for how long."""

    max_requests: Annotated[int, Meta(ge=0, le=1000000)] = 5000
    max_bytes: Annotated[int, Meta(ge=0, le=2**40)] = 1_000_000_000
    default_request_ttl: Duration = field(name="defaultRequestTTL", default="60s")


class HealthCheck(Part, frozen=True):
    """How endpoints are asked whether they are well."""

    path: Annotated[str, Meta(min_length=1, max_length=1024, pattern="^/[!-~]*$")] | None = None
    interval: Duration = "1s"
    timeout: Duration = "1s"
    healthy_threshold: Count = 1
    unhealthy_threshold: Count = 3


class OutlierDetection(Part, frozen=True):
    """After so many failures in a row an endpoint gets nothing for a while, as long as enough others do."""

    consecutive_errors: Count = 5
    base_ejection_time: Duration = "5s"
    max_ejection_percent: Percent = 50


class RetryRate(Part, frozen=True):
    """So many retries in so much time are always free."""

    count: Count = 10
    interval: Duration = "1s"


class RetryBudget(Part, frozen=True):
    """Retries are at most `percent` of the requests of the last `interval`."""

    percent: Percent = 20
    interval: Duration = "10s"
    min_retry_rate: RetryRate = RetryRate()


class Upstream(Part, frozen=True):
    """How the pool's servers are spoken to, where a ModelServer does not say so itself."""

    tls: UpstreamTLS | None = None
    api_key_secret_ref: SecretKeyReference | None = None


class InferencePoolPolicySpec(Part, frozen=True):
    """`picker`: who chooses the endpoint in a cluster, the gateway or the pool's `endpointPickerRef`."""

    target_refs: Annotated[tuple[PolicyTargetReference, ...], Meta(min_length=1, max_length=16)]
    picker: Literal["BuiltIn", "EndpointPickerRef"] | None = None
    profile: PickerProfile | None = None
    saturation: Saturation | None = None
    flow_control: FlowControl | None = None
    health: HealthCheck | None = None
    outlier: OutlierDetection | None = None
    retry_budget: RetryBudget | None = None
    upstream: Upstream | None = None

    def faults(self) -> Iterator[Fault]:
        """No pool twice."""
        seen: set[PolicyTargetReference] = set()
        for place, target in enumerate(self.target_refs):
            if target in seen:
                yield Fault(f"targetRefs[{place}].name", "FieldValueDuplicate", target.name)
            seen.add(target)


class InferencePoolPolicy(Resource, frozen=True, kw_only=True):
    """Settings of pools. `status.ancestors` has an entry for each pool (Gateway API `PolicyStatus`)."""

    spec: InferencePoolPolicySpec
    status: dict[str, JSON] = field(default_factory=dict)
