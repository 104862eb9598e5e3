"""The schema that is derived from the types: plain OpenAPI v3, as the API's tools read it."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.admission import KIND
from turnout.resources.kinds import KINDS, Kind
from turnout.resources.schema import parts_of, schema_of

KEYWORDS = {
    "type", "description", "title", "properties", "required", "items", "additionalProperties", "enum", "default",
    "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "pattern",
    "x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-preserve-unknown-fields",
}  # fmt: skip


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for inner in (*node.get("properties", {}).values(), node.get("items"), node.get("additionalProperties")):
        if isinstance(inner, dict):
            yield from nodes(inner)


def at(kind: str, *path: str) -> dict[str, Any]:
    node = schema_of(KIND[kind])
    for name in path:
        node = node["properties"][name]
        node = node.get("items", node)
    return node


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_a_schema_is_structural(kind: Kind) -> None:
    for node in nodes(schema_of(kind)):
        assert "type" in node, node
        assert set(node) <= KEYWORDS, set(node) - KEYWORDS


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_rules_between_fields_are_found_by_the_title_of_their_node(kind: Kind) -> None:
    titles = {node["title"] for node in nodes(schema_of(kind)) if "title" in node}
    assert titles == set(parts_of(kind.type))


def test_limits_and_defaults_are_those_of_the_type() -> None:
    assert at("HTTPRoute", "spec", "rules", "backendRefs", "weight") == {
        "type": "integer",
        "minimum": 0,
        "maximum": 1000000,
        "default": 1,
    }


def test_an_empty_group_is_a_default() -> None:
    assert at("HTTPRoute", "spec", "rules", "backendRefs", "group")["default"] == ""


def test_defaults_are_written_out_whole() -> None:
    assert schema_of(KIND["HTTPRoute"])["properties"]["spec"]["properties"]["rules"]["default"] == [
        {"matches": [{"path": {"type": "PathPrefix", "value": "/"}}]}
    ]


def test_an_optional_field_has_no_default() -> None:
    assert "default" not in at("HTTPRoute", "spec", "rules", "timeouts")


def test_a_keyed_list_says_its_keys() -> None:
    listeners = schema_of(KIND["Gateway"])["properties"]["spec"]["properties"]["listeners"]
    assert listeners["x-kubernetes-list-type"] == "map"
    assert listeners["x-kubernetes-list-map-keys"] == ["name"]


def test_status_is_free_form() -> None:
    assert at("Gateway", "status") == {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def test_metadata_has_no_defaults() -> None:
    assert not [node for node in nodes(at("Gateway", "metadata")) if "default" in node]
