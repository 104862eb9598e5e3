"""backendRefs: what each arm of a rule leads to, and the share it keeps when it leads nowhere."""

from collections.abc import Sequence

from msgspec import Struct

from turnout.resources.httproute import HTTPBackendRef
from turnout.table import Backend, Filters, ObjectRef
from turnout.translate.destinations import Unresolved
from turnout.translate.filters import Scope, read_filters
from turnout.translate.unserved import Unserved


class ResolvedRefs(Struct, frozen=True):
    """A rule's backendRefs, resolved. `pools` are the keys of those that exist, whatever their weight."""

    backends: tuple[Backend, ...]
    pools: tuple[str, ...]
    unresolved: tuple[Unresolved, ...]
    unserved: tuple[Unserved, ...] = ()


def resolve(refs: Sequence[HTTPBackendRef], field: str, scope: Scope) -> ResolvedRefs:
    """The backends of a rule: a ref named twice with equal filters counts once with the sum, weight 0 is left out.

    A ref that leads nowhere keeps its weight: exactly its share is answered 500, and no other's.
    """
    weights: dict[tuple[ObjectRef, Filters], int] = {}
    faults: dict[ObjectRef, Unresolved | None] = {}
    unresolved: list[Unresolved] = []
    unserved: list[Unserved] = []
    for index, backend in enumerate(refs):
        ref = ObjectRef(backend.group, backend.kind, backend.namespace or scope.namespace, backend.name)
        read = read_filters(backend.filters, f"{field}[{index}].filters", scope)
        weights[ref, read.filters] = weights.get((ref, read.filters), 0) + backend.weight
        fault = faults[ref] = scope.destinations.fault_of(ref, scope.namespace)
        if fault is not None:
            unresolved.append(Unresolved(fault.reason, f"{field}[{index}]: {fault.message}"))
        unresolved += read.unresolved
        unserved += read.unserved
    return ResolvedRefs(
        backends=_backends(weights, faults),
        pools=tuple(sorted({ref.key for ref, fault in faults.items() if scope.destinations.known(ref, fault)})),
        unresolved=tuple(unresolved),
        unserved=tuple(unserved),
    )


def _backends(
    weights: dict[tuple[ObjectRef, Filters], int], faults: dict[ObjectRef, Unresolved | None]
) -> tuple[Backend, ...]:
    """Sorted by identity. Arms of weight 0 are counted, so that no other's ordinal depends on a weight."""
    counts: dict[ObjectRef, int] = {}
    found = []
    for (ref, filters), weight in weights.items():
        ordinal = counts[ref] = counts.get(ref, -1) + 1
        fault = faults[ref]
        if weight > 0:
            found.append(Backend(ref, weight, fault.reason if fault else "", filters=filters, ordinal=ordinal))
    return tuple(sorted(found, key=lambda backend: backend.identity))
