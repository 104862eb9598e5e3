"""What a Gateway's status says of what it cannot have."""

from typing import Any

import pytest

from tests.support.resource_sets import CLASS, gateway, resource_set
from turnout.translate import Facts, Translation, translate

Document = dict[str, Any]
FACTS = Facts(gateway_port=8080, now="2026-02-02T02:02:02Z")


def conditions(found: Translation) -> dict[str, Document]:
    status: Any = found.statuses["Gateway", "default/gateway"]
    return {one["type"]: one for one in status["conditions"]}


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"allowedListeners": {"namespaces": {"from": "Same"}}}, "spec.allowedListeners"),
        ({"tls": {"backend": {"clientCertificateRef": {"name": "c"}}}}, "spec.tls.backend"),
        ({"tls": {"frontend": {"default": {}}}}, "spec.tls.frontend"),
        ({"defaultScope": "All"}, "spec.defaultScope"),
        ({"infrastructure": {"labels": {"a": "b"}}}, "spec.infrastructure.labels"),
        ({"infrastructure": {"annotations": {"a": "b"}}}, "spec.infrastructure.annotations"),
    ],
)
def test_a_field_without_effect_is_named(spec: Document, field: str) -> None:
    accepted = conditions(translate(resource_set([CLASS, gateway(**spec)]), FACTS))["Accepted"]
    assert accepted["status"] == "True"
    assert accepted["message"] == f"Every listener is accepted; stored and not acted on: {field}"


@pytest.mark.parametrize(
    "spec", [{"allowedListeners": {"namespaces": {"from": "None"}}}, {"defaultScope": "None"}, {"infrastructure": {}}]
)
def test_a_field_that_asks_for_nothing_is_not_named(spec: Document) -> None:
    accepted = conditions(translate(resource_set([CLASS, gateway(**spec)]), FACTS))["Accepted"]
    assert accepted["message"] == "Every listener is accepted"


@pytest.mark.parametrize(
    ("address", "accepted", "programmed"),
    [
        ({"type": "Hostname", "value": "example.com"}, "UnsupportedAddress", "Invalid"),
        ({"type": "NamedAddress", "value": "a"}, "UnsupportedAddress", "Invalid"),
        ({"value": "192.0.2.1"}, "Accepted", "AddressNotUsable"),
        ({"value": "127.0.0.1"}, "Accepted", "Programmed"),
        ({"type": "IPAddress"}, "Accepted", "Programmed"),
    ],
)
def test_only_our_own_address_can_be_had(address: Document, accepted: str, programmed: str) -> None:
    found = translate(resource_set([CLASS, gateway(addresses=[address])]), FACTS)
    reasons = {kind: one["reason"] for kind, one in conditions(found).items()}
    assert reasons == {"Accepted": accepted, "Programmed": programmed}
    is_served = programmed == "Programmed"
    assert bool(found.table.listeners) == is_served
    status: Any = found.statuses["Gateway", "default/gateway"]
    assert status["addresses"] == ([{"type": "IPAddress", "value": "127.0.0.1"}] if is_served else [])


def test_listeners_that_are_not_valid_are_named_with_their_reasons() -> None:
    listeners = [
        {"name": "a", "port": 80, "protocol": "HTTP"},
        {"name": "b", "port": 81, "protocol": "TCP"},
        {"name": "c", "port": 82, "protocol": "HTTP", "allowedRoutes": {"kinds": [{"kind": "GRPCRoute"}]}},
    ]
    accepted = conditions(translate(resource_set([CLASS, gateway(listeners=listeners)]), FACTS))["Accepted"]
    assert (accepted["status"], accepted["reason"]) == ("True", "ListenersNotValid")
    assert accepted["message"] == "Listeners that are not valid: b (UnsupportedProtocol), c (InvalidRouteKinds)"
