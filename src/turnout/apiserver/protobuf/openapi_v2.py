"""OpenAPI v2 in the protobuf of gnostic (`OpenAPIv2.proto`), the only form in which kubectl reads it."""

from collections.abc import Callable

import msgspec

from turnout.apiserver.protobuf.writing import double, integer, message, text
from turnout.resources.document import JSON, Document

INTEGERS = {
    "maxLength": 11,
    "minLength": 12,
    "maxItems": 14,
    "minItems": 15,
    "maxProperties": 17,
    "minProperties": 18,
}
TEXTS = {"$ref": 1, "format": 2, "title": 3, "description": 4, "pattern": 13}
DOUBLES = {"maximum": 7, "minimum": 9}


def document(whole: Document) -> bytes:
    """A Swagger 2.0 document: its info, the PATCH of its paths, and its definitions."""
    info = text(1, whole["info"]["title"]) + text(2, whole["info"]["version"])
    paths = b"".join(message(2, _named(path, _path(item))) for path, item in whole["paths"].items())
    definitions = b"".join(message(1, _named(name, schema(one))) for name, one in whole["definitions"].items())
    return text(1, whole["swagger"]) + message(2, info) + message(8, paths) + message(9, definitions)


def schema(node: Document) -> bytes:
    """One schema, with all that is in it."""
    return b"".join(_property(name, value) for name, value in node.items())


def _property(name: str, value: JSON) -> bytes:
    if name in TEXTS:
        return text(TEXTS[name], value)
    if name in INTEGERS:
        return integer(INTEGERS[name], value)
    if name in DOUBLES:
        return double(DOUBLES[name], value)
    if name.startswith("x-"):
        return message(31, _named(name, _any(value)))
    write = PARTS.get(name)
    return write(value) if write is not None else b""


PARTS: dict[str, Callable[[JSON], bytes]] = {
    "default": lambda value: message(5, _any(value)),
    "required": lambda names: b"".join(text(19, name) for name in names),
    "enum": lambda values: b"".join(message(20, _any(value)) for value in values),
    "additionalProperties": lambda value: message(
        21, integer(2, value) if isinstance(value, bool) else message(1, schema(value))
    ),
    "type": lambda name: message(22, text(1, name)),
    "items": lambda value: message(23, message(1, schema(value))),
    "allOf": lambda values: b"".join(message(24, schema(value)) for value in values),
    "properties": lambda named: message(25, b"".join(message(1, _named(n, schema(one))) for n, one in named.items())),
}


def _path(item: Document) -> bytes:
    patch = item["patch"]
    parameters = b"".join(message(8, message(1, message(2, message(3, _query(each))))) for each in patch["parameters"])
    named = _named("x-kubernetes-group-version-kind", _any(patch["x-kubernetes-group-version-kind"]))
    return message(8, parameters + message(13, named))


def _query(parameter: Document) -> bytes:
    return text(2, "query") + text(4, parameter["name"]) + text(6, parameter["type"])


def _named(name: str, value: bytes) -> bytes:
    return text(1, name) + message(2, value)


def _any(value: JSON) -> bytes:
    """A value as YAML, which JSON is."""
    return text(2, msgspec.json.encode(value).decode())
