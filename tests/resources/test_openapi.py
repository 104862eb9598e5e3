"""OpenAPI v3 of one group and version."""

import json
from typing import Any

from turnout.resources.kinds import KINDS
from turnout.resources.openapi import openapi_v3, schema_name


def schemas(group: str, version: str) -> dict[str, Any]:
    found: dict[str, Any] = openapi_v3(group, version)["components"]["schemas"]
    return found


def test_a_kind_is_named_as_kubernetes_names_it() -> None:
    assert "io.k8s.networking.gateway.v1beta1.HTTPRoute" in schemas("gateway.networking.k8s.io", "v1beta1")
    assert "io.k8s.api.core.v1.Namespace" in schemas("", "v1")
    assert "dev.turnout.v1alpha1.ModelServerList" in schemas("turnout.dev", "v1alpha1")


def test_a_kind_is_found_by_group_version_and_kind() -> None:
    schema = schemas("gateway.networking.k8s.io", "v1beta1")["io.k8s.networking.gateway.v1beta1.HTTPRoute"]
    assert schema["x-kubernetes-group-version-kind"] == [
        {"group": "gateway.networking.k8s.io", "version": "v1beta1", "kind": "HTTPRoute"}
    ]


def test_no_other_group_is_in_it() -> None:
    assert not [name for name in schemas("turnout.dev", "v1alpha1") if "gateway" in name]


def test_every_reference_is_to_a_schema_in_it() -> None:
    for group, version in (("", "v1"), ("gateway.networking.k8s.io", "v1"), ("turnout.dev", "v1alpha1")):
        found = schemas(group, version)
        text = json.dumps(found)
        for part in text.split('"$ref": "#/components/schemas/')[1:]:
            assert part.partition('"')[0] in found


def test_nothing_of_our_types_shows() -> None:
    text = json.dumps(openapi_v3("gateway.networking.k8s.io", "v1"))
    assert '"title": "HTTPRouteRule"' not in text
    assert "anyOf" not in text
    assert "null" not in text


def test_descriptions_name_fields_as_users_write_them() -> None:
    spec = schemas("inference.networking.k8s.io", "v1")["io.k8s.networking.inference.v1.InferencePool"]["properties"]
    assert "`targetPorts`" in spec["spec"]["description"]
    assert "_" not in spec["spec"]["description"]


def test_paragraphs_of_a_description_begin_where_the_line_does() -> None:
    spec = schemas("turnout.dev", "v1alpha1")["dev.turnout.v1alpha1.LoRAAdapter"]["properties"]["spec"]
    assert "\n\n`source` is where" in spec["description"]


def test_every_kind_has_its_schema_under_each_of_its_versions() -> None:
    for kind in KINDS:
        for version in kind.versions:
            schema = schemas(kind.group, version)[schema_name(kind, version)]
            said = {"group": kind.group, "version": version, "kind": kind.kind}
            assert schema["x-kubernetes-group-version-kind"] == [said]
