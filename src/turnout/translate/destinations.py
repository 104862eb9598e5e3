"""Destinations: what a reference to a backend leads to, whoever makes it (backendRefs, mirrors, rollouts)."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from turnout.resources.inferencepool import InferencePool
from turnout.resources.kinds import INFERENCE_GROUP
from turnout.resources.set import ResourceSet
from turnout.table import ObjectRef
from turnout.translate.conditions import Condition, met, unmet
from turnout.translate.grants import Grants


class Unresolved(Struct, frozen=True):
    """A reference that leads nowhere. `reason` is the spec's, `message` names the field."""

    reason: str
    message: str


class Destinations(Struct, frozen=True):
    """The pools by key, and who may refer to those of another namespace."""

    pools: Mapping[str, InferencePool]
    grants: Grants = Grants()

    @classmethod
    def of(cls, resources: ResourceSet) -> "Destinations":
        """Those of one moment."""
        return cls(resources.inference_pools, Grants.of(resources.reference_grants.values()))

    def fault_of(self, ref: ObjectRef, namespace: str) -> Unresolved | None:
        """Why `ref`, named in `namespace`, leads nowhere; None when it leads to a pool that can be spoken to."""
        if not is_pool(ref):
            kind = f"{ref.group}/{ref.kind}" if ref.group else ref.kind
            message = f"{kind} {ref.name} cannot be a backend: only {INFERENCE_GROUP}/InferencePool can"
            return Unresolved("InvalidKind", message)
        if not self.grants.permit(namespace, ref):
            # Before the look-up: whether another namespace holds the pool is not for this one to learn.
            message = f"InferencePool {ref.name} is in another namespace ({ref.namespace}), and no ReferenceGrant there"
            return Unresolved("RefNotPermitted", f"{message} permits it to HTTPRoutes of {namespace}")
        pool = self.pools.get(ref.key)
        if pool is None:
            return Unresolved("BackendNotFound", f"InferencePool {ref.name} not found")
        if pool.spec.app_protocol != "http":
            message = f"InferencePool {ref.name} speaks {pool.spec.app_protocol}: only http is supported"
            return Unresolved("UnsupportedProtocol", message)
        return None

    def known(self, ref: ObjectRef, fault: Unresolved | None) -> bool:
        """Whether `ref`, with this fault, is a pool that is there and may be named, spoken to or not."""
        return is_pool(ref) and (fault is None or fault.reason == "UnsupportedProtocol")


def is_pool(ref: ObjectRef) -> bool:
    """Whether `ref` is of the one kind that can be a backend."""
    return (ref.group, ref.kind) == (INFERENCE_GROUP, "InferencePool")


def resolved_refs(unresolved: Sequence[Unresolved]) -> Condition:
    """The route's `ResolvedRefs`: the first reason, every message."""
    if not unresolved:
        return met("ResolvedRefs", "ResolvedRefs", "Every reference is resolved")
    message = "; ".join(one.message for one in unresolved)
    return unmet("ResolvedRefs", unresolved[0].reason, message)
