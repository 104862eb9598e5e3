"""Translation raises nothing, whatever the schemas let through: not even what no admission would."""

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.support.resource_sets import CLASS, stored, with_statuses
from tests.support.schema_documents import resources_of
from tests.support.written_sets import FACTS, STATUSES
from turnout.resources.gateway import AllowedRoutes, Gateway, RouteNamespaces
from turnout.resources.httproute import HTTPRoute
from turnout.resources.kinds import KINDS
from turnout.resources.metadata import Resource
from turnout.resources.references import ParentReference
from turnout.resources.set import HOMES, gather
from turnout.table import RoutingTable
from turnout.translate import membership, translate

NAMES = {"Namespace": ["default", "team"], "GatewayClass": ["other"], "Gateway": ["gateway", "gateway", "a"]}
DRAWN = {
    kind.kind: resources_of(kind, NAMES.get(kind.kind, ["llm", "a"]), ["default", "default", "team"], STATUSES)
    for kind in KINDS
    if kind.type in HOMES and kind.kind not in ("Secret", "ConfigMap")
}
FROM_ALL = AllowedRoutes(RouteNamespaces("All"))
TO_GATEWAY = ParentReference("gateway", namespace="default")


@st.composite
def any_resources(draw: st.DrawFn) -> list[Resource]:
    """A class of ours, Gateways, routes most of which want one of them, a pool, and some of any kind."""
    more = draw(st.lists(st.sampled_from(sorted(DRAWN)), max_size=4))
    found = [
        stored(CLASS),
        *(draw(DRAWN[kind]) for kind in ("Gateway", "HTTPRoute", "HTTPRoute", "InferencePool", *more)),
    ]
    return [likely(one) if draw(st.integers(0, 3)) else one for one in found]


def likely(one: Resource) -> Resource:
    """The Gateway or route without what refuses nearly every one that is drawn at random."""
    match one:
        case Gateway():
            listeners = tuple(replace(listener, allowed_routes=FROM_ALL) for listener in one.spec.listeners)
            return replace(one, spec=replace(one.spec, listeners=listeners, infrastructure=None, addresses=()))
        case HTTPRoute():
            return replace(one, spec=replace(one.spec, parent_refs=(TO_GATEWAY, *one.spec.parent_refs)))
        case _:
            return one


@given(any_resources())
@settings(max_examples=30, suppress_health_check=list(HealthCheck), deadline=None)
def test_whatever_the_schemas_let_through_is_translated(found: list[Resource]) -> None:
    resources = gather(found)
    first = translate(resources, FACTS)
    membership(resources, {})
    # What it says can be sent to a worker and written to an API, and there is nothing to add to it then.
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(first.table), type=RoutingTable) == first.table
    msgspec.json.encode([*first.statuses.values()])
    again = translate(with_statuses(resources, first.statuses), FACTS)
    assert again.table == first.table
    # What was taken back altogether is not told of again.
    assert {**first.statuses, **again.statuses} == first.statuses
