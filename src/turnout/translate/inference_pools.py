"""InferencePools: one status entry per Gateway of ours that reaches the pool through an accepted route."""

from collections.abc import Iterable, Mapping

from turnout.resources.document import Document
from turnout.resources.inferencepool import InferencePool
from turnout.resources.kinds import GATEWAY_GROUP, INFERENCE_GROUP
from turnout.table import Access, ObjectRef, Pool
from turnout.translate.conditions import Condition, Stamp, met, unmet
from turnout.translate.destinations import Unresolved
from turnout.translate.facts import Facts
from turnout.translate.http_routes import ReadRoute
from turnout.translate.parents import Parent, with_parents
from turnout.translate.pool_policies import PoolPolicies


def table_pool(key: str, accesses: Mapping[str, Access], policies: PoolPolicies) -> Pool:
    """The pool of that key. Every one is in the table, referenced or not: what is warm early costs nothing."""
    namespace, _, name = key.partition("/")
    return Pool(
        ObjectRef(INFERENCE_GROUP, "InferencePool", namespace, name),
        accesses.get(key),
        policies.outliers.get(key),
        policies.retry_budgets.get(key),
    )


def says(pool: Pool, accesses: Mapping[str, Access], policies: PoolPolicies) -> bool:
    """Whether `table_pool` would give an equal one."""
    key = pool.ref.key
    return (
        pool.access == accesses.get(key)
        and pool.outlier == policies.outliers.get(key)
        and pool.retry_budget == policies.retry_budgets.get(key)
    )


def referring_gateways(routes: Iterable[ReadRoute]) -> dict[str, tuple[str, ...]]:
    """Pool key -> keys of the Gateways whose attached routes name it, sorted."""
    found: dict[str, set[str]] = {}
    for route in routes:
        for attachment in route.attachments:
            if attachment.accepted.holds:
                for pool in route.pools:
                    found.setdefault(pool, set()).add(attachment.gateway)
    return {pool: tuple(sorted(gateways)) for pool, gateways in found.items()}


def inference_pool_status(
    pool: InferencePool, gateways: Iterable[str], facts: Facts, fault: Unresolved | None = None
) -> Document | None:
    """The whole new status; None when no Gateway of ours refers or referred to the pool.

    `fault` is why its servers cannot be spoken to.
    """
    conditions = _conditions(pool, fault)
    parents = []
    for key in gateways:
        namespace, _, name = key.partition("/")
        ref = {"group": GATEWAY_GROUP, "kind": "Gateway", "namespace": namespace, "name": name}
        parents.append(Parent(ref, conditions))
    return with_parents(pool.status, parents, facts.controller_name, Stamp(pool.metadata.generation, facts.now))


def _conditions(pool: InferencePool, fault: Unresolved | None) -> tuple[Condition, ...]:
    if pool.spec.app_protocol == "http":
        accepted = met("Accepted", "Accepted", "Turnout serves this pool")
    else:
        message = f"appProtocol {pool.spec.app_protocol} is not supported: only http is"
        accepted = unmet("Accepted", "NotSupportedByParent", message)
    if fault is not None:
        return (accepted, unmet("ResolvedRefs", fault.reason, f"No server gets requests: {fault.message}"))
    picker = pool.spec.endpoint_picker_ref
    message = (
        "Turnout picks endpoints itself"
        if picker is None
        else f"Turnout picks endpoints itself; endpointPickerRef ({picker.kind} {picker.name}) is kept and not called"
    )
    return (accepted, met("ResolvedRefs", "ResolvedRefs", message))
