"""backendRefs: what each arm of a rule leads to, and the share it keeps when it leads nowhere."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from turnout.resources.httproute import HTTPBackendRef
from turnout.resources.inferencepool import InferencePool
from turnout.resources.kinds import INFERENCE_GROUP
from turnout.table import Backend, ObjectRef
from turnout.translate.conditions import Condition, met, unmet


class Unresolved(Struct, frozen=True):
    """A backendRef that leads nowhere. `reason` is the spec's, `message` names the field."""

    reason: str
    message: str


class ResolvedRefs(Struct, frozen=True):
    """A rule's backendRefs, resolved. `pools` are the keys of those that exist, whatever their weight."""

    backends: tuple[Backend, ...]
    pools: tuple[str, ...]
    unresolved: tuple[Unresolved, ...]


def resolve(
    refs: Sequence[HTTPBackendRef], field: str, namespace: str, pools: Mapping[str, InferencePool]
) -> ResolvedRefs:
    """The backends of a rule in `namespace`: a ref named twice counts once with the sum, weight 0 is left out.

    A ref that leads nowhere keeps its weight: exactly its share is answered 500, and no other's.
    """
    weights: dict[ObjectRef, int] = {}
    reasons: dict[ObjectRef, str] = {}
    unresolved = []
    for index, backend in enumerate(refs):
        ref = ObjectRef(backend.group, backend.kind, backend.namespace or namespace, backend.name)
        weights[ref] = weights.get(ref, 0) + backend.weight
        fault = fault_of(ref, namespace, pools)
        reasons[ref] = fault.reason if fault is not None else ""
        if fault is not None:
            unresolved.append(Unresolved(fault.reason, f"{field}[{index}]: {fault.message}"))
    return ResolvedRefs(
        backends=tuple(
            Backend(ref, weights[ref], reasons[ref]) for ref in sorted(weights, key=str) if weights[ref] > 0
        ),
        pools=tuple(
            sorted({ref.key for ref in weights if _is_pool(ref) and reasons[ref] in ("", "UnsupportedProtocol")})
        ),
        unresolved=tuple(unresolved),
    )


def resolved_refs(unresolved: Sequence[Unresolved]) -> Condition:
    """The route's `ResolvedRefs`: the first reason, every message."""
    if not unresolved:
        return met("ResolvedRefs", "ResolvedRefs", "Every reference is resolved")
    message = "; ".join(one.message for one in unresolved)
    return unmet("ResolvedRefs", unresolved[0].reason, message)


def _is_pool(ref: ObjectRef) -> bool:
    return (ref.group, ref.kind) == (INFERENCE_GROUP, "InferencePool")


def fault_of(ref: ObjectRef, namespace: str, pools: Mapping[str, InferencePool]) -> Unresolved | None:
    """Why a backend named from `namespace` leads nowhere; None when it leads to a pool that can be spoken to."""
    if not _is_pool(ref):
        kind = f"{ref.group}/{ref.kind}" if ref.group else ref.kind
        message = f"{kind} {ref.name} cannot be a backend: only {INFERENCE_GROUP}/InferencePool can"
        return Unresolved("InvalidKind", message)
    if ref.namespace != namespace:
        # Before the look-up: whether another namespace holds the pool is not for this one to learn.
        return Unresolved("RefNotPermitted", f"InferencePool {ref.name} is in another namespace ({ref.namespace})")
    pool = pools.get(ref.key)
    if pool is None:
        return Unresolved("BackendNotFound", f"InferencePool {ref.name} not found")
    if pool.spec.app_protocol != "http":
        message = f"InferencePool {ref.name} speaks {pool.spec.app_protocol}: only http is supported"
        return Unresolved("UnsupportedProtocol", message)
    return None
