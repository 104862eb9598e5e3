"""OpenAPI v2, as kubectl reads it and as JSON."""

import json
from typing import Any

import pytest

from turnout.apiserver import openapi_v2
from turnout.apiserver.protobuf.wire import Field, Message, read
from turnout.resources.kinds import KINDS, Kind

VALUE = Message({2: Field("yaml")})
NAMED = Message({1: Field("name"), 2: Field("value", VALUE)})
INNER = Message(
    {
        1: Field("$ref"),
        4: Field("description"),
        19: Field("required", repeated=True),
        22: Field("type", Message({1: Field("value")})),
        25: Field("properties", Message({1: Field("named", Message({1: Field("name")}), repeated=True)})),
        31: Field("extensions", NAMED, repeated=True),
    }
)
DEFINITIONS = Message({1: Field("named", Message({1: Field("name"), 2: Field("schema", INNER)}), repeated=True)})
PATCH = Message({13: Field("extensions", NAMED, repeated=True)})
PATHS = Message(
    {
        2: Field(
            "named", Message({1: Field("path"), 2: Field("item", Message({8: Field("patch", PATCH)}))}), repeated=True
        )
    }
)
DOCUMENT = Message({1: Field("swagger"), 8: Field("paths", PATHS), 9: Field("definitions", DEFINITIONS)})


@pytest.fixture(scope="module")
def whole() -> Any:
    return json.loads(openapi_v2.as_json())


@pytest.fixture(scope="module")
def sent() -> Any:
    return read(DOCUMENT, openapi_v2.as_protobuf())


def test_both_forms_hold_the_same_definitions(whole: Any, sent: Any) -> None:
    definitions = {each["name"]: each["schema"] for each in sent["definitions"]["named"]}

    assert sent["swagger"] == whole["swagger"] == "2.0"
    assert definitions.keys() == whole["definitions"].keys()
    for name, schema in definitions.items():
        told = whole["definitions"][name]
        assert schema["type"]["value"] == told["type"]
        assert {each["name"] for each in schema["properties"]["named"]} == told["properties"].keys()
        assert schema.get("required", []) == told.get("required", [])


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.kind}.{kind.group}")
def test_every_kind_is_found_by_its_group_version_and_kind(kind: Kind, sent: Any) -> None:
    named = {"group": kind.group, "version": kind.version, "kind": kind.kind}
    told = [
        json.loads(extension["value"]["yaml"])
        for each in sent["definitions"]["named"]
        for extension in each["schema"].get("extensions", ())
        if extension["name"] == "x-kubernetes-group-version-kind"
    ]
    patched = [
        json.loads(extension["value"]["yaml"])
        for each in sent["paths"]["named"]
        for extension in each["item"]["patch"]["extensions"]
    ]

    assert [named] in told
    assert named in patched


def test_every_reference_leads_somewhere(whole: Any) -> None:
    def references(value: Any) -> Any:
        if isinstance(value, dict):
            for key, inner in value.items():
                if key == "$ref":
                    yield inner
                else:
                    yield from references(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from references(inner)

    found = set(references(whole))
    assert found
    assert {each.removeprefix("#/definitions/") for each in found} <= whole["definitions"].keys()


@pytest.mark.parametrize(
    ("accept", "protobuf"),
    [
        ("application/com.github.proto-openapi.spec.v2@v1.0+protobuf", True),
        ("application/json;q=0.5, application/com.github.proto-openapi.spec.v2.v1.0+protobuf;q=1", True),
        ("application/json", False),
        ("", False),
    ],
)
def test_the_protobuf_is_for_who_names_it(accept: str, protobuf: bool) -> None:
    assert openapi_v2.wants_protobuf(accept) is protobuf
