"""What routes refer to: parents, backends, and grants between namespaces."""

import pytest

from tests.support.conformance import (
    APP,
    GROUP,
    INFRA,
    POOLS,
    WEB,
    Document,
    Gateway,
    Stage,
    at,
    backend,
    free_port,
    listener,
    parent,
    rule,
    upstream,
)

pytestmark = pytest.mark.e2e

ROUTES = {"group": GROUP, "kind": "HTTPRoute", "namespace": INFRA}


def to_pool(name: str) -> Document:
    """The end of a grant at one pool."""
    return {"group": POOLS, "kind": "InferencePool", "name": name}


def refused(stage: Stage, gateway: Gateway, route: str, reason: str, namespace: str = INFRA) -> None:
    """The Gateway does not accept the route, for `reason`, and counts no route."""
    stage.of_route(route, gateway, "Accepted", "False", reason, namespace=namespace)
    parents = stage.get("HTTPRoute", route, namespace)["status"]["parents"]
    held = [one for each in parents for one in each["conditions"] if one["type"] == "Accepted"]
    assert [one["status"] for one in held] == ["False"]
    counted = stage.get("Gateway", gateway.name)["status"]["listeners"]
    assert [one["attachedRoutes"] for one in counted] == [0] * len(counted)


@upstream("HTTPRouteCrossNamespace")
def test_a_route_attaches_to_a_gateway_of_another_namespace(stage: Stage) -> None:
    chosen = {"namespaces": {"from": "Selector", "selector": {"matchLabels": {"conformance": "backend"}}}}
    gateway = stage.gateway(listener(allowedRoutes=chosen))
    stage.served(gateway, rule("web-v1"), namespace=WEB)
    assert stage.by(gateway, "/") == ["web-v1"]


@upstream("HTTPRouteInvalidCrossNamespaceParentRef")
def test_a_route_of_a_namespace_that_no_listener_allows_is_not_accepted(stage: Stage) -> None:
    gateway = stage.gateway()
    route = stage.route(gateway, rule("web-v1"), namespace=WEB)
    refused(stage, gateway, route, "NotAllowedByListeners", WEB)
    stage.of_route(route, gateway, "ResolvedRefs", "True", namespace=WEB)
    assert stage.by(gateway, "/") == [404]


@upstream("HTTPRouteDisallowedKind", "TLSRoute")
def test_a_listener_for_another_kind_of_route_does_not_accept_it(stage: Stage) -> None:
    kinds = {"namespaces": {"from": "Same"}, "kinds": [{"kind": "TLSRoute"}]}
    tls = listener("tls", protocol="TLS", tls={"mode": "Passthrough"}, allowedRoutes=kinds)
    gateway = stage.gateway(tls, ready=False)
    route = stage.route(gateway, rule("infra-v1"))
    refused(stage, gateway, route, "NotAllowedByListeners")
    stage.of_route(route, gateway, "ResolvedRefs", "True")


@upstream("HTTPRouteInvalidParentRefNotMatchingListenerPort", "HTTPRouteDestinationPortMatching")
def test_a_parent_port_that_no_listener_has_is_no_matching_parent(stage: Stage) -> None:
    gateway = stage.gateway()
    route = stage.route([parent(gateway, port=free_port())], rule("infra-v1"))
    refused(stage, gateway, route, "NoMatchingParent")
    stage.of_route(route, gateway, "ResolvedRefs", "True")


@upstream("HTTPRouteInvalidParentRefNotMatchingSectionName")
def test_a_section_name_that_no_listener_has_is_no_matching_parent(stage: Stage) -> None:
    gateway = stage.gateway()
    route = stage.route([parent(gateway, port=gateway.port, sectionName="http1")], rule("infra-v1"))
    refused(stage, gateway, route, "NoMatchingParent")


@upstream("HTTPRouteInvalidParentRefSectionNameNotMatchingPort", "HTTPRouteParentRefPort")
def test_a_section_name_at_another_port_is_no_matching_parent(stage: Stage) -> None:
    gateway = stage.gateway(listener(routes="All"))
    route = stage.route([parent(gateway, sectionName="http", port=free_port())], rule("infra-v1"))
    refused(stage, gateway, route, "NoMatchingParent")


@upstream("HTTPRouteInvalidNonExistentBackendRef")
def test_a_backend_that_is_not_there_is_answered_500(stage: Stage) -> None:
    gateway = stage.gateway()
    route = stage.route(gateway, rule("nonexistent"))
    stage.accepted(route, gateway, resolved=False)
    stage.of_route(route, gateway, "ResolvedRefs", "False", "BackendNotFound")
    answer = stage.ask(gateway, "/")
    assert (answer.code, answer.reason) == (500, "invalid-backend")


@upstream("HTTPRouteInvalidBackendRefUnknownKind")
def test_a_backend_of_an_unknown_kind_is_answered_500(stage: Stage) -> None:
    gateway = stage.gateway()
    unknown = {"group": "unknownkind.example.com", "kind": "NonExistent", "name": "infra-v1"}
    route = stage.route(gateway, rule(unknown))
    stage.accepted(route, gateway, resolved=False)
    stage.of_route(route, gateway, "ResolvedRefs", "False", "InvalidKind")
    assert stage.by(gateway, "/v2") == [500]


@upstream("HTTPRouteInvalidCrossNamespaceBackendRef")
def test_a_backend_of_another_namespace_needs_a_grant(stage: Stage) -> None:
    gateway = stage.gateway()
    route = stage.route(gateway, rule(backend("web-v1", namespace=WEB)))
    stage.accepted(route, gateway, resolved=False)
    stage.of_route(route, gateway, "ResolvedRefs", "False", "RefNotPermitted")
    assert stage.by(gateway, "/") == [500]


@upstream("HTTPRouteReferenceGrant", "ReferenceGrant")
def test_a_grant_permits_a_backend_until_it_goes(stage: Stage) -> None:
    gateway = stage.gateway()
    stage.create("ReferenceGrant", "permits", {"from": [ROUTES], "to": [to_pool("web-v1")]}, WEB)
    route = stage.served(gateway, rule(backend("web-v1", namespace=WEB)))
    assert stage.by(gateway, "/") == ["web-v1"]
    stage.delete("ReferenceGrant", "permits", WEB)
    stage.of_route(route, gateway, "ResolvedRefs", "False", "RefNotPermitted")
    assert stage.by(gateway, "/") == [500]


WRONG_GRANTS = {
    "wrong-namespace": (INFRA, ROUTES, to_pool("web-v1")),
    "wrong-from-group": (WEB, {**ROUTES, "group": "another.example.com"}, to_pool("web-v1")),
    "wrong-from-kind": (WEB, {**ROUTES, "kind": "Gateway"}, to_pool("web-v1")),
    "wrong-from-namespace": (WEB, {**ROUTES, "namespace": APP}, to_pool("web-v1")),
    "wrong-to-group": (WEB, ROUTES, {**to_pool("web-v1"), "group": "another.example.com"}),
    "wrong-to-kind": (WEB, ROUTES, {**to_pool("web-v1"), "kind": "Secret"}),
    "wrong-to-name": (WEB, ROUTES, to_pool("another")),
}


@upstream("HTTPRouteInvalidReferenceGrant", "ReferenceGrant")
def test_grants_that_are_wrong_in_one_part_permit_nothing(stage: Stage) -> None:
    gateway = stage.gateway()
    for name, (namespace, source, target) in WRONG_GRANTS.items():
        stage.create("ReferenceGrant", name, {"from": [source], "to": [target]}, namespace)
    route = stage.route(gateway, rule(backend("web-v1", namespace=WEB)))
    stage.accepted(route, gateway, resolved=False)
    stage.of_route(route, gateway, "ResolvedRefs", "False", "RefNotPermitted")
    assert stage.by(gateway, "/") == [500]


@upstream("HTTPRoutePartiallyInvalidViaInvalidReferenceGrant", "ReferenceGrant")
def test_a_rule_without_a_grant_does_not_touch_its_sibling(stage: Stage) -> None:
    gateway = stage.gateway()
    stage.create("ReferenceGrant", "one-of-two", {"from": [ROUTES], "to": [to_pool("app-v1")]}, APP)
    route = stage.route(
        gateway,
        rule(backend("app-v2", namespace=APP), matches=[at("/v2")]),
        rule(backend("app-v1", namespace=APP)),
    )
    stage.accepted(route, gateway, resolved=False)
    stage.of_route(route, gateway, "ResolvedRefs", "False", "RefNotPermitted")
    assert stage.by(gateway, "/v2", "/") == [500, "app-v1"]


@upstream("HTTPRouteNoBackendRefs")
def test_a_rule_without_backends_is_answered_500(stage: Stage) -> None:
    gateway = stage.gateway()
    stage.served(
        gateway,
        rule(matches=[at("=/omitted")]),
        {**rule(matches=[at("=/empty")]), "backendRefs": []},
        rule("infra-v1", matches=[at("/")]),
    )
    assert stage.by(gateway, "/forward", "/omitted", "/empty") == ["infra-v1", 500, 500]


@upstream("HTTPRouteWeight")
def test_requests_are_shared_by_weight(stage: Stage) -> None:
    gateway = stage.gateway()
    weights = {"infra-v1": 70, "infra-v2": 30, "infra-v3": 0}
    stage.served(gateway, rule(*(backend(name, weight=weight) for name, weight in weights.items())))
    seen = [answer.by for answer in stage.flood(gateway, "/", 200)]
    # Upstream allows 5 points of 100; keyless requests are shared to within one.
    assert [seen.count(name) for name in weights] == [140, 60, 0]


def test_a_backend_that_leads_nowhere_costs_its_share_alone(stage: Stage) -> None:
    """No upstream test: HTTPBackendRef says that a share of 50 of 100 is answered 500, and no request beside it."""
    gateway = stage.gateway()
    route = stage.route(gateway, rule(backend("infra-v1", weight=50), backend("nonexistent", weight=50)))
    stage.of_route(route, gateway, "ResolvedRefs", "False", "BackendNotFound")
    seen = [answer.by for answer in stage.flood(gateway, "/", 60)]
    assert (seen.count("infra-v1"), seen.count(500)) == (30, 30)


def test_backends_that_all_weigh_nothing_are_answered_500(stage: Stage) -> None:
    """No upstream test, and no word in the spec: it is what every other gateway does."""
    gateway = stage.gateway()
    stage.served(gateway, rule(backend("infra-v1", weight=0), backend("infra-v2", weight=0)))
    assert stage.by(gateway, "/") == [500]


@upstream("HTTPRouteObservedGenerationBump")
def test_every_condition_of_a_route_follows_its_generation(stage: Stage) -> None:
    gateway = stage.gateway()
    route = stage.served(gateway, rule("infra-v1"))
    before = stage.get("HTTPRoute", route)["metadata"]["generation"]
    stage.patch("HTTPRoute", route, {"spec": {"rules": [rule("infra-v2")]}})
    stage.accepted(route, gateway)
    after = stage.get("HTTPRoute", route)
    observed = {one["observedGeneration"] for one in after["status"]["parents"][0]["conditions"]}
    assert observed == {after["metadata"]["generation"]} == {before + 1}
    assert stage.by(gateway, "/") == ["infra-v2"]
