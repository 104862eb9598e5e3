"""InferencePools behind routes: the conformance tests of Gateway API Inference Extension that apply."""

from math import sqrt

import pytest

from tests.support.conformance import Document, Stage, at, backend, listener, rule, upstream
from tests.support.system import until

pytestmark = pytest.mark.e2e

POOL = "InferencePool"


def parents(stage: Stage, pool: str) -> dict[str, dict[str, str]]:
    """A pool's conditions by Gateway and type."""
    entries = stage.get("InferencePool", pool).get("status", {}).get("parents", [])
    return {one["parentRef"]["name"]: {each["type"]: each["status"] for each in one["conditions"]} for one in entries}


def new_pool(stage: Stage, of: str, **more: Document | str) -> str:
    """The name of another pool of a backend's model server."""
    name = stage.unique("pool")
    spec = {"selector": {"matchLabels": {"app": of}}, "targetPorts": [{"number": 1}], **more}
    stage.create("InferencePool", name, spec)
    return name


@upstream("InferencePoolAccepted", POOL)
def test_a_pool_is_accepted_by_the_gateway_that_reaches_it(stage: Stage) -> None:
    gateway, pool = stage.gateway(), new_pool(stage, "infra-v1")
    stage.served(gateway, rule(pool))
    until(lambda: parents(stage, pool).get(gateway.name, {}).get("Accepted") == "True")


@upstream("InferencePoolResolvedRefsCondition", POOL)
def test_a_pool_has_a_parent_for_as_long_as_a_route_leads_to_it(stage: Stage) -> None:
    pool = new_pool(stage, "infra-v1")
    one, two = stage.gateway(), stage.gateway(listener(hostname="secondary.example.com"))
    first = stage.served(one, rule(pool, matches=[at("/one")]))
    second = stage.served(two, rule(pool, matches=[at("/two")]), hostnames=["secondary.example.com"])
    held = {"Accepted": "True", "ResolvedRefs": "True"}
    until(lambda: parents(stage, pool) == {one.name: held, two.name: held})
    until(lambda: stage.by(one, "/one") == ["infra-v1"])
    assert stage.by(two, "/two", host="secondary.example.com") == ["infra-v1"]
    stage.delete("HTTPRoute", first)
    until(lambda: parents(stage, pool) == {two.name: held})
    assert stage.by(one, "/one") == [404]
    assert stage.by(two, "/two", host="secondary.example.com") == ["infra-v1"]
    stage.delete("HTTPRoute", second)
    until(lambda: parents(stage, pool) == {})
    assert stage.by(two, "/two", host="secondary.example.com") == [404]


@upstream("InferencePoolMissingEPPRef", POOL)
def test_a_pool_needs_no_endpoint_picker(stage: Stage) -> None:
    gateway, pool = stage.gateway(), new_pool(stage, "infra-v1")
    stage.served(gateway, rule(pool))
    until(lambda: parents(stage, pool).get(gateway.name) == {"Accepted": "True", "ResolvedRefs": "True"})
    until(lambda: stage.by(gateway, "/") == ["infra-v1"])


@upstream("HTTPRouteInvalidInferencePoolRef", POOL)
def test_a_pool_that_is_not_there_is_not_resolved(stage: Stage) -> None:
    gateway = stage.gateway()
    route = stage.route(gateway, rule("non-existent-pool"))
    stage.accepted(route, gateway, resolved=False)
    stage.of_route(route, gateway, "ResolvedRefs", "False", "BackendNotFound")


@upstream("InferencePoolHTTPRoutePortValidation", POOL)
def test_the_port_of_a_reference_to_a_pool_says_nothing(stage: Stage) -> None:
    gateway = stage.gateway()
    ports: dict[str, Document] = {"/none": {}, "/same": {"port": 1}, "/other": {"port": 8888}}
    stage.served(gateway, *(rule(backend("infra-v1", **port), matches=[at(path)]) for path, port in ports.items()))
    assert stage.by(gateway, *ports) == ["infra-v1"] * 3


@upstream(
    "InferencePoolAppProtocol",
    POOL,
    outcome="refused",
    note="`http` and none are served; `kubernetes.io/h2c` is `Accepted=False`, `NotSupportedByParent`",
)
def test_a_pool_speaks_http_or_is_refused(stage: Stage) -> None:
    gateway = stage.gateway()
    plain = new_pool(stage, "infra-v1", appProtocol="http")
    stage.served(gateway, rule(plain, matches=[at("/http")]), rule("infra-v2", matches=[at("/none")]))
    until(lambda: stage.by(gateway, "/http", "/none") == ["infra-v1", "infra-v2"])
    other = new_pool(stage, "infra-v3", appProtocol="kubernetes.io/h2c")
    route = stage.route(gateway, rule(other, matches=[at("/h2c")]))
    stage.of_route(route, gateway, "ResolvedRefs", "False", "UnsupportedProtocol")
    until(lambda: parents(stage, other).get(gateway.name, {}).get("Accepted") == "False")
    assert stage.by(gateway, "/h2c") == [500]


@upstream("HTTPRouteMultipleRulesDifferentPools", POOL)
def test_rules_of_one_route_lead_to_their_own_pools(stage: Stage) -> None:
    gateway = stage.gateway()
    stage.served(gateway, rule("infra-v1", matches=[at("/primary")]), rule("infra-v2", matches=[at("/secondary")]))
    assert stage.by(gateway, "/primary", "/secondary") == ["infra-v1", "infra-v2"]


@upstream("HTTPRouteMultipleGatewaysDifferentPools", POOL)
def test_routes_of_two_gateways_lead_to_their_own_pools(stage: Stage) -> None:
    one, two = stage.gateway(), stage.gateway(listener(hostname="secondary.example.com"))
    stage.served(one, rule("infra-v1"), hostnames=["primary.example.com"])
    stage.served(two, rule("infra-v2"), hostnames=["secondary.example.com"])
    assert stage.by(one, "/", host="primary.example.com") == ["infra-v1"]
    assert stage.by(two, "/", host="secondary.example.com") == ["infra-v2"]


@upstream("GatewayWeightedAcrossTwoInferencePools", POOL, note="Turnout picks: no endpoint picker is asked")
def test_two_pools_share_a_rule_s_requests_by_weight(stage: Stage) -> None:
    gateway = stage.gateway()
    stage.served(gateway, rule(backend("infra-v1", weight=70), backend("infra-v2", weight=30)))
    seen = [answer.by for answer in stage.flood(gateway, "/", 200, wide=5)]
    assert set(seen) == {"infra-v1", "infra-v2"}
    share = seen.count("infra-v1") / 200
    assert abs(share - 0.7) <= max(0.1, 4.5 * sqrt(0.7 * 0.3 / 200))
