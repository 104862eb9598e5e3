"""The OpenAPI v3 structural schema of a kind, derived from its type.

A node is plain OpenAPI: no `$ref`, no `anyOf`. `title` names the struct that it came from.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeAlias

import msgspec

from turnout.resources.defaulting import filled
from turnout.resources.document import JSON
from turnout.resources.kinds import Kind
from turnout.resources.metadata import ObjectMeta, Resource
from turnout.resources.words import Part

Schema: TypeAlias = dict[str, JSON]

FREE = "x-kubernetes-preserve-unknown-fields"
TYPES = {str: "string", int: "integer", bool: "boolean"}


@cache
def schema_of(kind: Kind) -> Schema:
    """The schema of a whole document of `kind`. It is shared: not to be changed."""
    schema = derived(kind.type)
    schema["properties"]["metadata"] = metadata_schema()
    for name in ("apiVersion", "kind"):
        schema["properties"][name] = {"type": "string"}
    return schema


@cache
def metadata_schema() -> Schema:
    """The schema of `metadata`, the same for every kind. It is shared: not to be changed."""
    # metadata is the API server's: it has no defaults that a schema may fill in.
    return without_defaults(derived(ObjectMeta))


@cache
def parts_of(resource: type[Resource]) -> Mapping[str, type[Part]]:
    """The struct types that `resource` is made of, by the `title` of their schema nodes."""
    return {part.__name__: part for part in structs(resource)}


def structs(part: type[Part]) -> set[type[Part]]:
    """`part` and every struct type that it holds, however deep."""
    found: set[type[Part]] = set()
    pending: list[Any] = [msgspec.inspect.type_info(part)]
    while pending:
        info = pending.pop()
        if isinstance(info, msgspec.inspect.StructType) and issubclass(info.cls, Part) and info.cls not in found:
            found.add(info.cls)
            pending += [field.type for field in info.fields]
        for name in ("item_type", "value_type", "type"):
            if hasattr(info, name):
                pending.append(getattr(info, name))
        pending += getattr(info, "types", ())
    return found


def derived(part: type[Part]) -> Schema:
    """The schema of one struct type, `$ref`s resolved."""
    generated = msgspec.json.schema_components([part], ref_template="{name}")
    # Through JSON once: the defaults of Python are tuples and structs, those of the API are JSON.
    root, components = msgspec.json.decode(msgspec.json.encode(generated))
    return plain(root[0], components)


def plain(node: Schema, components: Mapping[str, Schema]) -> Schema:
    """`node` as plain OpenAPI v3: references resolved, optional as absent, enums with their type."""
    node = dict(node)
    default = node.pop("default", None)
    if "$ref" in node:
        node = plain(components[node["$ref"]], components)
    elif "anyOf" in node:
        node = plain(next(one for one in node["anyOf"] if one.get("type") != "null"), components)
    elif "enum" in node:
        node["type"] = TYPES[type(node["enum"][0])]
    elif node.get("type") == "array":
        node["items"] = plain(node["items"], components)
        keyed = "x-kubernetes-list-map-keys" in node
        node.setdefault("x-kubernetes-list-type", "map" if keyed else "atomic")
    elif "properties" in node:
        node["properties"] = {name: plain(one, components) for name, one in node["properties"].items()}
        if not node["required"]:
            del node["required"]
    elif isinstance(node.get("additionalProperties"), dict):
        node["additionalProperties"] = plain(node["additionalProperties"], components)
        node.pop("propertyNames", None)
    else:
        node = free(node)
    return defaulted(node, default)


def free(node: Schema) -> Schema:
    """`node`, marked as free-form where its type says nothing about its content."""
    if node.get("type", "object") == "object":
        node.pop("additionalProperties", None)
        return {"type": "object", **node, FREE: True}
    return node


def defaulted(node: Schema, default: JSON) -> Schema:
    """`node` with its default written out whole; an absent or empty one is none."""
    if default is None:
        return node
    default = filled(node, default)
    return node if default in ([], {}) else {**node, "default": default}


def without_defaults(node: Schema) -> Schema:
    """`node` without the defaults of its properties, however deep."""
    node = {key: value for key, value in node.items() if key != "default"}
    if "properties" in node:
        node["properties"] = {name: without_defaults(one) for name, one in node["properties"].items()}
    return node
