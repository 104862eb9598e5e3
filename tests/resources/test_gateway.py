"""Gateway: upstream's defaults, and what must hold between listeners."""

from typing import Any

import pytest

from tests.support.admission import faults, spec_of

CERTIFICATE = {"certificateRefs": [{"name": "cert"}]}


def listener(name: str = "http", port: int = 80, protocol: str = "HTTP", **fields: Any) -> dict[str, Any]:
    return {"name": name, "port": port, "protocol": protocol, **fields}


def listener_faults(*listeners: dict[str, Any]) -> list[str]:
    return faults("Gateway", listeners=list(listeners))


def test_routes_of_the_same_namespace_may_attach_by_default() -> None:
    stored = spec_of("Gateway")["listeners"][0]
    assert stored["allowedRoutes"] == {"namespaces": {"from": "Same"}}


def test_the_default_fills_in_what_is_left_out_within() -> None:
    stored = spec_of("Gateway", listeners=[listener(allowedRoutes={"kinds": [{"kind": "HTTPRoute"}]})])["listeners"][0]
    assert stored["allowedRoutes"] == {
        "kinds": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute"}],
        "namespaces": {"from": "Same"},
    }


def test_certificates_are_secrets_and_tls_ends_here_by_default() -> None:
    stored = spec_of("Gateway", listeners=[listener("tls", 443, "HTTPS", tls=CERTIFICATE)])["listeners"][0]
    assert stored["tls"] == {"mode": "Terminate", "certificateRefs": [{"group": "", "kind": "Secret", "name": "cert"}]}


def test_listeners_of_one_port_differ_by_host() -> None:
    one, two = listener("a", hostname="a.example"), listener("b", hostname="b.example")
    assert listener_faults(one, two, listener("c")) == []
    assert listener_faults(one, {**two, "hostname": "a.example"}) == [
        (
            'spec.listeners: Invalid value: "array": '
            "Combination of port, protocol and hostname must be unique for each listener"
        )
    ]


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (listener(tls=CERTIFICATE), "tls must not be specified for protocols ['HTTP', 'TCP', 'UDP']"),
        (listener(protocol="TCP", hostname="a"), "hostname must not be specified for protocols ['TCP', 'UDP']"),
        (listener(protocol="TLS"), "tls mode must be set for protocol TLS"),
        (listener(protocol="HTTPS", tls={"mode": "Passthrough"}), "tls mode must be Terminate for protocol HTTPS"),
    ],
)
def test_a_listener_fits_its_protocol(one: dict[str, Any], words: str) -> None:
    assert listener_faults(one) == [f'spec.listeners: Invalid value: "array": {words}']


def test_who_terminates_tls_needs_a_certificate() -> None:
    assert listener_faults(listener(protocol="HTTPS", tls={})) == [
        (
            'spec.listeners[0].tls: Invalid value: "object": '
            "certificateRefs or options must be specified when mode is Terminate"
        )
    ]


def test_a_gateway_has_1_to_64_listeners() -> None:
    many = [listener(f"l{i}", 1000 + i) for i in range(65)]
    assert listener_faults(*many[:64]) == []
    assert listener_faults(*many) == ["spec.listeners: Too many: 65: must have at most 64 items"]
    assert listener_faults() == [
        "spec.listeners: Invalid value: 0: spec.listeners in body should have at least 1 items"
    ]


@pytest.mark.parametrize("port", [0, 65536])
def test_a_port_is_1_to_65535(port: int) -> None:
    (fault,) = listener_faults(listener(port=port))
    assert fault.startswith(f"spec.listeners[0].port: Invalid value: {port}: ")


def test_an_address_is_what_its_type_says() -> None:
    assert faults("Gateway", addresses=[{"value": "10.0.0.1"}, {"type": "Hostname", "value": "a.example"}]) == []
    assert faults("Gateway", addresses=[{"value": "a.example"}]) == [
        'spec.addresses[0].value: Invalid value: "string": must be an IPv4 or IPv6 address when type is IPAddress'
    ]


def test_an_address_is_asked_for_once() -> None:
    assert faults("Gateway", addresses=[{"value": "10.0.0.1"}] * 2) == [
        'spec.addresses: Invalid value: "array": IPAddress values must be unique'
    ]
