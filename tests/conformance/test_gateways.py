"""Gateways, their listeners and classes (upstream `gateway-*`), and protocols beside plain HTTP/1.1."""

import socket

import pytest

from tests.support.certificates import Authority, tls_secret
from tests.support.conformance import (
    GROUP,
    INFRA,
    POOLS,
    Document,
    Gateway,
    Stage,
    at,
    free_port,
    listener,
    parent,
    rule,
    upstream,
)
from tests.support.system import until

pytestmark = pytest.mark.e2e

HTTP_ROUTES = [{"group": GROUP, "kind": "HTTPRoute"}]
SECTIONS = {
    "empty": "",
    "wild-example": "*.example.com",
    "wild-foo": "*.foo.example.com",
    "exact": "abc.foo.example.com",
}
HOSTS = {
    "bar.com": "empty",
    "bar.example.com": "wild-example",
    "bar.foo.example.com": "wild-foo",
    "abc.foo.example.com": "exact",
}


def conditions(stage: Stage, gateway: Gateway, name: str = "http") -> dict[str, tuple[str, str]]:
    """A listener's conditions: status and reason by type."""
    return {one["type"]: (one["status"], one["reason"]) for one in stage.listener(gateway, name)["conditions"]}


def isolated(stage: Stage, *, hostnames: bool) -> None:
    """A request is served by its most specific listener's routes alone; `hostnames`: the routes name all of them."""
    port = free_port()
    gateway = stage.gateway(
        *(listener(name, port=port, hostname=host, routes="All") for name, host in SECTIONS.items())
    )
    for name in SECTIONS:
        named: Document = {"hostnames": ["bar.com", *filter(None, SECTIONS.values())]} if hostnames else {}
        route = stage.route([parent(gateway, sectionName=name)], rule("infra-v1", matches=[at(f"/{name}")]), **named)
        stage.accepted(route, gateway)
    for host, owner in HOSTS.items():
        served = {name: stage.ask(gateway, f"/{name}", host).by for name in SECTIONS}
        assert served == {name: "infra-v1" if name == owner else 404 for name in SECTIONS}


@upstream("GatewayHTTPListenerIsolation", "GatewayHTTPListenerIsolation")
def test_a_request_is_served_by_its_most_specific_listener_alone(stage: Stage) -> None:
    isolated(stage, hostnames=False)


@upstream("GatewayHTTPListenerIsolation", "GatewayHTTPListenerIsolation")
def test_hostnames_of_routes_do_not_reach_into_other_listeners(stage: Stage) -> None:
    isolated(stage, hostnames=True)


@upstream("GatewayModifyListeners", note="with listeners of protocol HTTP")
def test_listeners_come_and_go(stage: Stage) -> None:
    first = listener("first", hostname="secure.test.com", routes="All")
    second = listener("http", hostname="data.test.com", routes="All")
    gateway = stage.gateway(first)
    stage.served(gateway, rule("infra-v1"))
    before = stage.get("Gateway", gateway.name)["metadata"]["generation"]
    stage.patch("Gateway", gateway.name, {"spec": {"listeners": [first, second]}})
    for name in ("first", "http"):
        stage.attached(gateway, 1, name)
        assert stage.listener(gateway, name)["supportedKinds"] == HTTP_ROUTES
        assert {conditions(stage, gateway, name)[kind][0] for kind in ("Accepted", "ResolvedRefs")} == {"True"}
    assert stage.get("Gateway", gateway.name)["metadata"]["generation"] == before + 1
    stage.holds("Gateway", gateway.name, "Programmed", "True")
    assert stage.ask(second["port"], "/", "data.test.com").by == "infra-v1"
    stage.patch("Gateway", gateway.name, {"spec": {"listeners": [first]}})
    stage.holds("Gateway", gateway.name, "Programmed", "True")
    assert [one["name"] for one in stage.get("Gateway", gateway.name)["status"]["listeners"]] == ["first"]
    with pytest.raises(ConnectionError):
        stage.ask(second["port"], "/", "data.test.com")
    assert stage.ask(first["port"], "/", "secure.test.com").by == "infra-v1"


@upstream("GatewayWithAttachedRoutes", note="without the listener of protocol HTTPS")
def test_a_listener_counts_the_routes_that_are_attached_to_it(stage: Stage) -> None:
    chosen = {"matchLabels": {"kubernetes.io/metadata.name": "infra"}}
    allowed = {"kinds": [{"kind": "HTTPRoute"}], "namespaces": {"from": "Selector", "selector": chosen}}
    one, two = (stage.gateway(listener(hostname=host, allowedRoutes=allowed)) for host in ("", "foo.example.com"))
    stage.served(one, rule("infra-v1"))
    stage.served(two, rule("infra-v1"))
    stage.accepted(stage.route(two, rule("nonexistent")), two, resolved=False)
    refused = stage.route(two, rule("infra-v1"), hostnames=["not-accepted.test.com"])
    stage.of_route(refused, two, "Accepted", "False", "NoMatchingListenerHostname")
    for gateway, routes in ((one, 1), (two, 2)):
        stage.attached(gateway, routes)
        status = stage.listener(gateway)
        assert status["supportedKinds"] == HTTP_ROUTES
        assert {conditions(stage, gateway)[kind][0] for kind in ("Accepted", "ResolvedRefs")} == {"True"}


@upstream("GatewayWithAttachedRoutesWithPort8080", "GatewayPort8080")
def test_a_section_name_attaches_to_one_listener_of_two(stage: Stage) -> None:
    gateway = stage.gateway(listener("unattached", routes="All"), listener("http", routes="All"))
    route = stage.route([parent(gateway, sectionName="http")], rule("infra-v1"))
    stage.accepted(route, gateway)
    for name, routes in (("unattached", 0), ("http", 1)):
        stage.attached(gateway, routes, name)
        assert stage.listener(gateway, name)["supportedKinds"] == HTTP_ROUTES


@upstream("GatewayInvalidRouteKind")
def test_a_kind_of_route_that_a_listener_cannot_serve_is_named(stage: Stage) -> None:
    for kinds, supported in ((["InvalidRoute"], []), (["InvalidRoute", "HTTPRoute"], HTTP_ROUTES)):
        allowed = {"namespaces": {"from": "All"}, "kinds": [{"kind": kind} for kind in kinds]}
        gateway = stage.gateway(listener(allowedRoutes=allowed), ready=False)
        assert conditions(stage, gateway)["ResolvedRefs"] == ("False", "InvalidRouteKinds")
        assert stage.listener(gateway)["supportedKinds"] == supported
        assert stage.listener(gateway)["attachedRoutes"] == 0


@upstream("GatewayListenerUnsupportedProtocol")
def test_a_protocol_that_is_not_supported_is_refused_listener_by_listener(stage: Stage) -> None:
    invalid = listener("invalid", protocol="INVALID")
    alone, beside = stage.gateway(invalid, ready=False), stage.gateway(listener(), {**invalid, "port": free_port()})
    stage.holds("Gateway", alone.name, "Accepted", "False", "ListenersNotValid")
    stage.holds("Gateway", beside.name, "Accepted", "True", "ListenersNotValid")
    for gateway in (alone, beside):
        assert conditions(stage, gateway, "invalid")["Accepted"] == ("False", "UnsupportedProtocol")
        assert stage.listener(gateway, "invalid")["supportedKinds"] == []
        assert stage.listener(gateway, "invalid")["attachedRoutes"] == 0
    assert conditions(stage, beside)["Accepted"] == ("True", "Accepted")
    assert stage.listener(beside)["supportedKinds"] == HTTP_ROUTES


@upstream("GatewayInvalidParametersRef")
def test_parameters_that_lead_nowhere_refuse_the_gateway(stage: Stage) -> None:
    ref = {"group": "invalid.io", "kind": "InvalidParameters", "name": "invalid"}
    gateway = stage.gateway(ready=False, infrastructure={"parametersRef": ref})
    stage.holds("Gateway", gateway.name, "Accepted", "False", "InvalidParameters")


@upstream("GatewayObservedGenerationBump")
def test_every_condition_of_a_gateway_follows_its_generation(stage: Stage) -> None:
    first = listener(hostname="bar.com", routes="All")
    gateway = stage.gateway(first)
    before = stage.get("Gateway", gateway.name)["metadata"]["generation"]
    more = listener("alternate", port=first["port"], hostname="foo.com", routes="All")
    stage.patch("Gateway", gateway.name, {"spec": {"listeners": [first, more]}})
    stage.holds("Gateway", gateway.name, "Programmed", "True")
    document = stage.get("Gateway", gateway.name)
    held = [
        *document["status"]["conditions"],
        *(c for one in document["status"]["listeners"] for c in one["conditions"]),
    ]
    assert {one["observedGeneration"] for one in held} == {document["metadata"]["generation"]} == {before + 1}


@upstream("GatewayClassObservedGenerationBump")
def test_every_condition_of_a_class_follows_its_generation(stage: Stage) -> None:
    spec = {"controllerName": "turnout.dev/gateway", "description": "old"}
    stage.create("GatewayClass", "bumped", spec)
    stage.holds("GatewayClass", "bumped", "Accepted", "True")
    before = stage.get("GatewayClass", "bumped")["metadata"]["generation"]
    stage.patch("GatewayClass", "bumped", {"spec": {"description": "new"}})
    stage.holds("GatewayClass", "bumped", "Accepted", "True")
    assert stage.get("GatewayClass", "bumped")["metadata"]["generation"] == before + 1


@upstream("GatewayNameMaximumLength")
def test_a_gateway_s_name_may_have_253_characters(stage: Stage) -> None:
    gateway = stage.gateway(name="long-" + "a" * 248)
    stage.served(gateway, rule("infra-v1"))
    assert stage.by(gateway, "/") == ["infra-v1"]


@upstream("GatewayOptionalAddressValue", "GatewayAddressEmpty")
def test_an_address_without_a_value_is_one_that_the_gateway_has(stage: Stage) -> None:
    gateway = stage.gateway(addresses=[{"type": "IPAddress"}])
    assert stage.get("Gateway", gateway.name)["status"]["addresses"] == [{"type": "IPAddress", "value": "127.0.0.1"}]


@upstream(
    "GatewayStaticAddresses",
    "GatewayStaticAddresses",
    note="an address that is not the gateway's is `Accepted=False`, `UnsupportedAddress`, not `AddressNotUsable`: "
    "Gateways here have one address, and it is not theirs to choose",
    outcome="refused",
)
def test_an_address_that_is_not_the_gateway_s_is_refused(stage: Stage) -> None:
    invalid = {"type": "test/fake-invalid-type", "value": "nowhere"}
    usable = {"type": "IPAddress", "value": "127.0.0.1"}
    gateway = stage.gateway(ready=False, addresses=[invalid, {"type": "IPAddress", "value": "192.0.2.1"}, usable])
    stage.holds("Gateway", gateway.name, "Accepted", "False", "UnsupportedAddress")
    stage.patch("Gateway", gateway.name, {"spec": {"addresses": [usable]}})
    stage.holds("Gateway", gateway.name, "Accepted", "True", "Accepted")
    stage.holds("Gateway", gateway.name, "Programmed", "True", "Programmed")
    assert stage.get("Gateway", gateway.name)["status"]["addresses"] == [usable]


def test_a_listener_that_another_leaves_no_room_for_is_conflicted(stage: Stage) -> None:
    """No upstream test for Gateways: `Conflicted` is asserted for ListenerSets alone."""
    first = listener("one", hostname="a.com")
    gateway = stage.gateway(first)
    stage.served(gateway, rule("infra-v1"))
    second = stage.gateway(listener("two", port=first["port"], hostname="a.com"), ready=False)
    assert conditions(stage, second, "two")["Conflicted"] == ("True", "HostnameConflict")
    assert conditions(stage, gateway, "one")["Conflicted"] == ("False", "NoConflicts")
    assert stage.ask(gateway, "/", "a.com").by == "infra-v1"


def test_a_gateway_of_another_s_class_is_left_alone(stage: Stage) -> None:
    """No upstream test: the suite runs one controller."""
    stage.create("GatewayClass", "theirs", {"controllerName": "example.com/gateway"})
    spec = {"gatewayClassName": "theirs", "listeners": [listener()]}
    stage.create("Gateway", "theirs", spec)
    theirs = Gateway("theirs", spec["listeners"][0]["port"])  # type: ignore[index]  # a literal
    route = stage.route([parent(theirs), parent(stage.main)], rule("infra-v1"), hostnames=["theirs.test"])
    stage.accepted(route, stage.main)
    assert "status" not in stage.get("Gateway", "theirs") or not stage.get("Gateway", "theirs")["status"].get(
        "listeners"
    )
    parents = stage.get("HTTPRoute", route)["status"]["parents"]
    assert [one["parentRef"]["name"] for one in parents] == [stage.main.name]
    with pytest.raises(ConnectionError):
        stage.ask(theirs, "/")


@upstream("HTTPRouteHTTPSListener")
def test_a_listener_of_protocol_https_serves_with_its_certificate(stage: Stage) -> None:
    authority = Authority()
    secret = tls_secret("certificate", authority.server("example.org"), INFRA)
    assert stage.api.post(f"/api/v1/namespaces/{INFRA}/secrets", secret).code == 201
    tls = {"certificateRefs": [{"group": "", "kind": "Secret", "name": "certificate"}]}
    gateway = stage.gateway(listener("https", protocol="HTTPS", hostname="example.org", tls=tls))
    route = stage.route(gateway, rule("infra-v1"))
    stage.accepted(route, gateway)
    assert {conditions(stage, gateway, "https")[kind][0] for kind in ("Accepted", "Programmed", "ResolvedRefs")} == {
        "True"
    }

    def served() -> bool:
        with (
            socket.create_connection(("127.0.0.1", gateway.port), 10) as plain,
            authority.client_context().wrap_socket(plain, server_hostname="example.org") as opened,
        ):
            opened.sendall(b"GET / HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n")
            return opened.recv(64).startswith(b"HTTP/1.1 200 ")

    until(served)


@upstream(
    "HTTPRouteBackendProtocolH2C",
    "HTTPRouteBackendProtocolH2C",
    outcome="refused",
    note="a pool with `appProtocol: kubernetes.io/h2c` is `ResolvedRefs=False`, `UnsupportedProtocol`, its share 500",
)
def test_a_backend_that_speaks_h2c_is_refused(stage: Stage) -> None:
    gateway = stage.gateway()
    spec = {
        "selector": {"matchLabels": {"app": "infra-v1"}},
        "targetPorts": [{"number": 1}],
        "appProtocol": "kubernetes.io/h2c",
    }
    stage.create("InferencePool", "speaks-h2c", spec)
    route = stage.route(gateway, rule("speaks-h2c"))
    stage.accepted(route, gateway, resolved=False)
    stage.of_route(route, gateway, "ResolvedRefs", "False", "UnsupportedProtocol")
    assert stage.by(gateway, "/") == [500]


@upstream(
    "HTTPRouteServiceTypes",
    outcome="refused",
    note="a backendRef of kind Service is `ResolvedRefs=False`, `InvalidKind`, its share 500",
)
def test_a_service_as_a_backend_is_refused(stage: Stage) -> None:
    gateway = stage.gateway()
    route = stage.route(gateway, rule({"name": "headless", "port": 8080}))
    stage.accepted(route, gateway, resolved=False)
    message = stage.of_route(route, gateway, "ResolvedRefs", "False", "InvalidKind")
    assert f"only {POOLS}/InferencePool can" in message
    assert stage.by(gateway, "/headless") == [500]


@upstream(
    "HTTPRouteCORS",
    "HTTPRouteCORS",
    outcome="refused",
    note="`Accepted=False`, `UnsupportedValue`: the filter is named",
)
def test_a_cors_filter_is_refused(stage: Stage) -> None:
    gateway = stage.gateway()
    cors = {"type": "CORS", "cors": {"allowOrigins": ["https://www.foo.com"], "allowMethods": ["GET"]}}
    route = stage.route(gateway, rule("infra-v1", filters=[cors]))
    message = stage.of_route(route, gateway, "Accepted", "False", "UnsupportedValue")
    assert "rules[0].filters[0].type CORS is not supported" in message
    assert stage.by(gateway, "/") == [404]


def test_a_filter_that_may_guard_the_rule_lets_nobody_pass(stage: Stage) -> None:
    """No upstream test: of an ExtensionRef that is not known requests "MUST receive a HTTP error response"."""
    gateway = stage.gateway()
    unknown = {"type": "ExtensionRef", "extensionRef": {"group": "example.com", "kind": "Login", "name": "login"}}
    route = stage.route(gateway, rule("infra-v1", matches=[at("/in")], filters=[unknown]), rule("infra-v2"))
    stage.of_route(route, gateway, "PartiallyInvalid", "True", "UnsupportedValue")
    assert stage.by(gateway, "/in", "/out") == [500, "infra-v2"]


def test_a_session_persistence_is_refused(stage: Stage) -> None:
    """No upstream test: it is experimental."""
    gateway = stage.gateway()
    persistence = {"type": "Header", "header": {"name": "x"}, "sessionName": "x"}
    route = stage.route(gateway, rule("infra-v1", sessionPersistence=persistence))
    message = stage.of_route(route, gateway, "Accepted", "False", "UnsupportedValue")
    assert "rules[0].sessionPersistence is not supported" in message


def test_a_route_that_goes_is_served_no_more(stage: Stage) -> None:
    """No upstream test: the suite only cleans up."""
    gateway = stage.gateway()
    route = stage.served(gateway, rule("infra-v1"))
    stage.delete("HTTPRoute", route)
    until(lambda: stage.by(gateway, "/") == [404])
    stage.attached(gateway, 0)
