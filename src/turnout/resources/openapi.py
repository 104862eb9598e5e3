"""The OpenAPI v3 schemas of one group and version, as `kubectl` reads them to validate and to explain."""

import re
from functools import cache
from inspect import cleandoc

from turnout.resources.document import JSON
from turnout.resources.kinds import KINDS, Kind, api_version
from turnout.resources.schema import Schema, metadata_schema, schema_of

META = "io.k8s.apimachinery.pkg.apis.meta.v1"
REFERENCE = "#/components/schemas/"
FIELD = re.compile("`[a-z]+(_[a-z]+)+`")
LIST_META: Schema = {
    "type": "object",
    "description": "What every list has.",
    "properties": {
        "continue": {"type": "string"},
        "remainingItemCount": {"type": "integer", "format": "int64"},
        "resourceVersion": {"type": "string"},
        "selfLink": {"type": "string"},
    },
}


def openapi_v3(group: str, version: str) -> dict[str, JSON]:
    """The OpenAPI v3 document of `group/version`: `components.schemas` of its kinds, and no paths yet."""
    schemas: dict[str, JSON] = {f"{META}.ObjectMeta": bare(metadata_schema()), f"{META}.ListMeta": LIST_META}
    for kind in KINDS:
        if kind.group == group and version in kind.versions:
            schemas[schema_name(kind, version)] = resource_schema(kind, version)
            schemas[f"{schema_name(kind, version)}List"] = list_schema(kind, version)
    info = {"title": "Turnout", "version": api_version(group, version)}
    return {"openapi": "3.0.0", "info": info, "paths": {}, "components": {"schemas": schemas}}


def schema_name(kind: Kind, version: str) -> str:
    """The component that holds the kind's schema: group backwards, version and kind, as Kubernetes names it."""
    home = ".".join(reversed(kind.group.split("."))) if kind.group else "io.k8s.api.core"
    return f"{home}.{version}.{kind.kind}"


@cache
def resource_schema(kind: Kind, version: str) -> Schema:
    """The schema of one object, as served under `version`. It is shared: not to be changed."""
    schema = bare(schema_of(kind))
    metadata = {"allOf": [{"$ref": f"{REFERENCE}{META}.ObjectMeta"}], "default": {}}
    schema["properties"] = {**schema["properties"], "metadata": metadata}
    return {**schema, "x-kubernetes-group-version-kind": [group_version_kind(kind, version, kind.kind)]}


def list_schema(kind: Kind, version: str) -> Schema:
    """The schema of a list of objects of one kind."""
    return {
        "type": "object",
        "description": f"A list of {kind.kind} objects.",
        "required": ["items"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"$ref": f"{REFERENCE}{META}.ListMeta"},
            "items": {"type": "array", "items": {"$ref": f"{REFERENCE}{schema_name(kind, version)}"}},
        },
        "x-kubernetes-group-version-kind": [group_version_kind(kind, version, f"{kind.kind}List")],
    }


def group_version_kind(kind: Kind, version: str, name: str) -> dict[str, str]:
    """The names by which `kubectl` finds a schema."""
    return {"group": kind.group, "version": version, "kind": name}


def bare(node: Schema) -> Schema:
    """`node` without what ties it to our types: titles, and fields as Python names them."""
    node = {key: value for key, value in node.items() if key != "title"}
    if "description" in node:
        node["description"] = FIELD.sub(lambda field: camel(field[0]), cleandoc(node["description"]))
    if "properties" in node:
        node["properties"] = {name: bare(one) for name, one in node["properties"].items()}
    for inner in ("items", "additionalProperties"):
        if isinstance(node.get(inner), dict):
            node[inner] = bare(node[inner])
    return node


def camel(field: str) -> str:
    """`match_labels` as it is in JSON: `matchLabels`."""
    first, *rest = field.split("_")
    return first + "".join(word.capitalize() for word in rest)
