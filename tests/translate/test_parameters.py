"""What GatewayParameters say reaches the Gateway's listeners, and no other's."""

from typing import Any

import pytest

from tests.support.resource_sets import CLASS, gateway, gateway_parameters, resource_set
from turnout.table import DEFAULT_PARAMETERS, Parameters
from turnout.translate import Facts, Translation, translate

Document = dict[str, Any]
FACTS = Facts(gateway_port=8080, now="2026-02-02T02:02:02Z")
REF = {"group": "turnout.dev", "kind": "GatewayParameters", "name": "own"}


def class_with(**ref: Any) -> Document:
    named = {**REF, "namespace": "default", "name": "of-class"} | ref
    given = {name: value for name, value in named.items() if value is not None}
    return {**CLASS, "spec": CLASS["spec"] | {"parametersRef": given}}


def gateway_with(**ref: Any) -> Document:
    return gateway(infrastructure={"parametersRef": REF | ref})


def parameters(found: Translation) -> list[Parameters]:
    return [one.parameters for one in found.table.listeners]


def accepted(found: Translation, kind: str, key: str) -> tuple[str, str, str]:
    status: Any = found.statuses[kind, key]
    (one,) = (one for one in status["conditions"] if one["type"] == "Accepted")
    return one["status"], one["reason"], one["message"]


def test_without_any_the_listener_has_the_defaults() -> None:
    found = translate(resource_set([CLASS, gateway(), gateway_parameters("own", responseHeaders="Disabled")]), FACTS)
    assert parameters(found) == [DEFAULT_PARAMETERS]
    assert accepted(found, "GatewayParameters", "default/own")[:2] == ("Unknown", "Pending")


@pytest.mark.parametrize(
    ("spec", "meant"),
    [
        ({}, Parameters()),
        ({"limits": {"requestBodyBytes": 5}}, Parameters(body_bytes=5)),
        ({"timeouts": {"idle": "1m500ms"}}, Parameters(idle=60.5)),
        ({"timeouts": {"idle": "0s"}}, Parameters(idle=0.0)),
        ({"timeouts": {"firstByte": "30m"}}, Parameters(first_byte=1800.0)),
        ({"timeouts": {"streamIdle": "0s"}}, Parameters(stream_idle=0.0)),
        ({"responseHeaders": "Disabled"}, Parameters(response_headers=False)),
        ({"responseHeaders": "Enabled"}, Parameters(response_headers=True)),
    ],
)
def test_a_gateway_s_parameters_are_its_listeners(spec: Document, meant: Parameters) -> None:
    other = gateway("other", listeners=[{"name": "http", "port": 81, "protocol": "HTTP"}])
    found = translate(resource_set([CLASS, gateway_with(), other, gateway_parameters("own", **spec)]), FACTS)
    assert parameters(found) == [meant, DEFAULT_PARAMETERS]


def test_a_gateway_s_own_count_before_its_class_s_field_by_field() -> None:
    of_class = gateway_parameters("of-class", limits={"requestBodyBytes": 1}, responseHeaders="Disabled")
    own = gateway_parameters("own", limits={"requestBodyBytes": 2}, timeouts={"idle": "1s"})
    found = translate(resource_set([class_with(), gateway_with(), of_class, own]), FACTS)
    assert parameters(found) == [Parameters(body_bytes=2, idle=1.0, response_headers=False)]


@pytest.mark.parametrize(
    ("ref", "message"),
    [
        ({"name": "none"}, "GatewayParameters default/none not found"),
        ({"group": "", "kind": "ConfigMap"}, "ConfigMap own is not supported"),
    ],
)
def test_a_gateway_whose_parameters_cannot_be_had_is_refused_alone(ref: Document, message: str) -> None:
    fine = gateway("z-fine", listeners=[{"name": "http", "port": 80, "protocol": "HTTP"}])
    found = translate(resource_set([CLASS, gateway_with(**ref), fine, gateway_parameters("own")]), FACTS)
    status, reason, said = accepted(found, "Gateway", "default/gateway")
    assert (status, reason) == ("False", "InvalidParameters")
    assert message in said
    assert [one.gateway.name for one in found.table.listeners] == ["z-fine"]


@pytest.mark.parametrize(
    ("ref", "message"),
    [
        ({"name": "none"}, "default/none not found"),
        ({"kind": "Other"}, "is not supported"),
        ({"namespace": None}, "needs"),
    ],
)
def test_a_class_whose_parameters_cannot_be_had_is_refused_with_its_gateways(ref: Document, message: str) -> None:
    found = translate(resource_set([class_with(**ref), gateway(), gateway_parameters("of-class")]), FACTS)
    for kind, key in (("GatewayClass", "/turnout"), ("Gateway", "default/gateway")):
        status, reason, said = accepted(found, kind, key)
        assert (status, reason) == ("False", "InvalidParameters")
        assert message in said
    assert found.table.listeners == ()


def test_parameters_of_another_namespace_are_not_a_gateway_s_own() -> None:
    found = translate(resource_set([CLASS, gateway_with(), gateway_parameters("own", namespace="team")]), FACTS)
    assert accepted(found, "Gateway", "default/gateway")[1] == "InvalidParameters"


def test_fields_without_effect_are_named_where_they_are_and_where_they_are_used() -> None:
    own = gateway_parameters("own", explainHeader="Enabled")
    found = translate(resource_set([CLASS, gateway_with(), own]), FACTS)
    for kind, key in (("GatewayParameters", "default/own"), ("Gateway", "default/gateway")):
        status, _, said = accepted(found, kind, key)
        assert status == "True"
        assert "spec.explainHeader" in said


@pytest.mark.parametrize(
    ("said", "logged"),
    [
        ({"mode": "Off"}, -1.0),
        ({"mode": "Errors"}, 0.0),
        ({"mode": "Sampled", "sampleRatio": 0.25}, 0.25),
        ({"mode": "All"}, 1.0),
    ],
)
def test_an_access_log_is_the_share_of_requests_that_it_holds(said: dict[str, object], logged: float) -> None:
    own = gateway_parameters("own", accessLog=said)
    found = translate(resource_set([CLASS, gateway_with(), own]), FACTS)
    assert {each.parameters.access_log for each in found.table.listeners} == {logged}
