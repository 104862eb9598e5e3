"""What is owned field by field, item by item, or whole."""

import pytest

from tests.support.admission import KIND
from turnout.apiserver.ownership.fields import fields_of
from turnout.apiserver.ownership.paths import shown
from turnout.apiserver.ownership.shapes import shape_of


def owned(kind: str, **document: object) -> set[str]:
    return {shown(path) for path in fields_of(shape_of(KIND[kind]), document)}


def test_the_rules_of_a_route_are_owned_whole() -> None:
    assert owned("HTTPRoute", spec={"rules": [{"name": "a"}], "hostnames": ["x"]}) == {".spec.rules", ".spec.hostnames"}


def test_the_ports_of_a_pool_are_owned_whole_and_its_labels_one_by_one() -> None:
    spec = {"targetPorts": [{"number": 1}], "selector": {"matchLabels": {"a": "1", "b": "2"}}}

    assert owned("InferencePool", spec=spec) == {
        ".spec.targetPorts",
        ".spec.selector.matchLabels.a",
        ".spec.selector.matchLabels.b",
    }


def test_a_listener_is_known_by_its_name() -> None:
    item = '.spec.listeners[name="http"]'

    assert owned("Gateway", spec={"listeners": [{"name": "http", "port": 80}]}) == {
        item,
        f"{item}.name",
        f"{item}.port",
    }


@pytest.mark.parametrize("kind", ["Gateway", "GatewayClass", "InferencePool", "InferenceRollout", "Namespace"])
def test_a_condition_is_known_by_its_type(kind: str) -> None:
    item = '.status.conditions[type="Ready"]'

    assert owned(kind, status={"conditions": [{"type": "Ready"}]}) == {item, f"{item}.type"}


def test_the_conditions_of_a_listener_are_known_by_their_type() -> None:
    status = {"listeners": [{"name": "a", "conditions": [{"type": "Ready"}]}]}

    assert '.status.listeners[name="a"].conditions[type="Ready"].type' in owned("Gateway", status=status)


def test_finalizers_are_a_set_and_owners_are_known_by_their_uid() -> None:
    metadata = {"finalizers": ["x"], "ownerReferences": [{"uid": "1", "name": "a"}]}

    assert owned("Secret", metadata=metadata) == {
        '.metadata.finalizers[="x"]',
        '.metadata.ownerReferences[uid="1"]',
    }


def test_what_an_event_is_about_is_owned_whole() -> None:
    assert owned("Event", involvedObject={"kind": "Gateway", "name": "a"}) == {".involvedObject"}


def test_the_selector_of_a_listener_is_owned_whole() -> None:
    selector = {"matchLabels": {"a": "1"}}
    listener = {"name": "a", "allowedRoutes": {"namespaces": {"selector": selector}}}

    assert '.spec.listeners[name="a"].allowedRoutes.namespaces.selector' in owned(
        "Gateway", spec={"listeners": [listener]}
    )


def test_a_keyed_list_with_an_item_twice_or_without_its_key_is_owned_whole() -> None:
    for listeners in ([{"name": "a"}, {"name": "a"}], [{"port": 1}], ["a"]):
        assert owned("Gateway", spec={"listeners": listeners}) == {".spec.listeners"}


def test_an_empty_part_is_owned_itself() -> None:
    assert owned("ConfigMap", data={}, metadata={"finalizers": []}) == {".data", ".metadata.finalizers"}
