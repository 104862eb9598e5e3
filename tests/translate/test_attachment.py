"""Which listeners a route is attached to."""

from typing import Any

import pytest

from tests.support.resource_sets import CLASS, gateway, http_route, pool, resource_set
from turnout.translate import Facts, translate

Document = dict[str, Any]
FACTS = Facts(gateway_port=8080, now="2026-02-02T02:02:02Z")
TEAM = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team", "labels": {"stage": "prod", "tier": "a"}}}


def listeners(**allowed: Any) -> list[Document]:
    return [{"name": "http", "port": 80, "protocol": "HTTP", "allowedRoutes": {"namespaces": allowed}}]


def accepted(one: Document, route: Document) -> list[tuple[str, str]]:
    """(status, reason) of `Accepted` for each parent."""
    found = translate(resource_set([CLASS, TEAM, one, route, pool("llm"), pool("llm", namespace="team")]), FACTS)
    key = f"{route['metadata']['namespace']}/{route['metadata']['name']}"
    status: Any = found.statuses["HTTPRoute", key]
    return [(parent["conditions"][0]["status"], parent["conditions"][0]["reason"]) for parent in status["parents"]]


ACCEPTED, REFUSED = ("True", "Accepted"), ("False", "NotAllowedByListeners")
FROM_TEAM = http_route(namespace="team", parentRefs=[{"name": "gateway", "namespace": "default"}])


@pytest.mark.parametrize(
    ("allowed", "outcome"),
    [
        ({"from": "Same"}, REFUSED),
        ({"from": "All"}, ACCEPTED),
        ({"from": "Selector", "selector": {"matchLabels": {"stage": "prod"}}}, ACCEPTED),
        ({"from": "Selector", "selector": {"matchLabels": {"stage": "test"}}}, REFUSED),
        ({"from": "Selector", "selector": {"matchLabels": {"kubernetes.io/metadata.name": "team"}}}, ACCEPTED),
        (
            {
                "from": "Selector",
                "selector": {"matchExpressions": [{"key": "tier", "operator": "In", "values": ["a", "b"]}]},
            },
            ACCEPTED,
        ),
        (
            {"from": "Selector", "selector": {"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}},
            REFUSED,
        ),
        ({"from": "Selector"}, REFUSED),
    ],
)
def test_a_listener_says_from_which_namespaces_routes_may_come(allowed: Document, outcome: tuple[str, str]) -> None:
    assert accepted(gateway(listeners=listeners(**allowed)), FROM_TEAM) == [outcome]


@pytest.mark.parametrize(
    ("ref", "outcome"),
    [
        ({}, ACCEPTED),
        ({"sectionName": "http"}, ACCEPTED),
        ({"port": 80}, ACCEPTED),
        ({"sectionName": "http", "port": 80}, ACCEPTED),
        ({"sectionName": "none"}, ("False", "NoMatchingParent")),
        ({"port": 8080}, ("False", "NoMatchingParent")),
        ({"sectionName": "http", "port": 81}, ("False", "NoMatchingParent")),
    ],
)
def test_a_parent_ref_means_the_listeners_of_its_section_and_port(ref: Document, outcome: tuple[str, str]) -> None:
    assert accepted(gateway(), http_route(parentRefs=[{"name": "gateway", **ref}])) == [outcome]


def test_a_route_and_a_listener_without_a_common_hostname_do_not_meet() -> None:
    one = gateway(listeners=[{"name": "http", "port": 80, "protocol": "HTTP", "hostname": "*.a.com"}])
    assert accepted(one, http_route(hostnames=["b.com"])) == [("False", "NoMatchingListenerHostname")]
    assert accepted(one, http_route(hostnames=["b.com", "x.a.com"])) == [ACCEPTED]


def test_a_route_that_asks_for_default_gateways_is_told_that_there_are_none() -> None:
    route = http_route(useDefaultGateways="All")
    found = translate(resource_set([CLASS, gateway(), route, pool("llm")]), FACTS)
    status: Any = found.statuses["HTTPRoute", "default/route"]
    assert "useDefaultGateways has no effect" in status["parents"][0]["conditions"][0]["message"]


def test_a_parent_that_is_no_gateway_of_ours_is_not_answered() -> None:
    refs = [{"name": "gateway", "kind": "Service", "group": "", "port": 80}, {"name": "none"}]
    found = translate(resource_set([CLASS, gateway(), http_route(parentRefs=refs), pool("llm")]), FACTS)
    assert ("HTTPRoute", "default/route") not in found.statuses
    assert found.table.routes == {}


def test_routes_are_counted_at_each_listener_that_they_are_attached_to_and_refused_ones_are_not() -> None:
    names = ("a", "b")
    one = gateway(
        listeners=[{"name": name, "port": 80, "protocol": "HTTP", "hostname": f"{name}.com"} for name in names]
    )
    routes = [
        http_route("everywhere"),
        http_route("only-a", hostnames=["a.com"]),
        http_route("section-b", parentRefs=[{"name": "gateway", "sectionName": "b"}]),
        http_route("refused", rules=[{"retry": {"attempts": 1}}]),
    ]
    status: Any = translate(resource_set([CLASS, one, *routes, pool("llm")]), FACTS).statuses[
        "Gateway", "default/gateway"
    ]
    assert {entry["name"]: entry["attachedRoutes"] for entry in status["listeners"]} == {"a": 2, "b": 2}
