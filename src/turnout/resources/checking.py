"""Documents held against the schema of their kind, all faults at once.

Rules between fields (CEL upstream) are `Part.faults`; they are asked only where the fields are right one by one.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from math import isfinite

import msgspec

from turnout.resources.document import JSON
from turnout.resources.faults import Fault, invalid, joined, quoted, required, unsupported
from turnout.resources.schema import Schema
from turnout.resources.words import Part

Parts = Mapping[str, type[Part]]


def check(schema: Schema, parts: Parts, value: JSON, path: str = "") -> Iterator[Fault]:
    """Every fault of `value`, which is at `path`, in document order. `parts` are the types by `title`."""
    actual = type_name(value)
    wanted = schema.get("type", actual)
    if actual != wanted and (actual, wanted) != ("integer", "number"):
        yield wrong_type(path, wanted, actual)
    elif "enum" in schema and value not in schema["enum"]:
        yield unsupported(path, value, schema["enum"])
    elif isinstance(value, str):
        yield from check_text(schema, value, path)
    elif isinstance(value, bool):
        return
    elif isinstance(value, int | float):
        yield from check_number(schema, value, path)
    elif isinstance(value, list):
        yield from check_list(schema, parts, value, path)
    elif isinstance(value, dict):
        yield from check_object(schema, parts, value, path)


def check_text(schema: Schema, value: str, path: str) -> Iterator[Fault]:
    """Lengths first: no pattern meets a text that is longer than it may be."""
    longest = schema.get("maxLength")
    if longest is not None and len(value) > longest:
        yield Fault(path, "FieldValueTooLong", None, f"may not be more than {longest} bytes")
        return
    if len(value) < schema.get("minLength", 0):
        yield invalid(path, value, f"{path} in body should be at least {schema['minLength']} chars long")
    pattern = schema.get("pattern")
    # None of the patterns lets a newline through, but `$` matches before one.
    if pattern is not None and ("\n" in value or not compiled(pattern).search(value)):
        yield invalid(path, value, f"{path} in body should match '{pattern}'")


def check_number(schema: Schema, value: float, path: str) -> Iterator[Fault]:
    """Both bounds are inclusive. No integer is wider than 64 bits, as in every language that reads the API."""
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        yield invalid(path, value, f"{path} in body must be a 64-bit integer")
        return
    if not isfinite(value):
        yield invalid(path, str(value), f"{path} in body must be a finite number")
        return
    if value < schema.get("minimum", value):
        yield invalid(path, value, f"{path} in body should be greater than or equal to {schema['minimum']}")
    if value > schema.get("maximum", value):
        yield invalid(path, value, f"{path} in body should be less than or equal to {schema['maximum']}")


def check_list(schema: Schema, parts: Parts, value: list[JSON], path: str) -> Iterator[Fault]:
    """The count, then each item, then items that are there twice."""
    yield from check_count(len(value), schema.get("minItems", 0), schema.get("maxItems"), path, "items")
    for index, item in enumerate(value):
        yield from check(schema.get("items", {}), parts, item, f"{path}[{index}]")
    seen: set[str] = set()
    for index, item in enumerate(value):
        identity = item_identity(schema, item)
        if identity is not None and quoted(identity) in seen:
            yield Fault(f"{path}[{index}]", "FieldValueDuplicate", identity)
        seen.add(quoted(identity))


def item_identity(schema: Schema, item: JSON) -> JSON:
    """What must be unique of a list's item; None where nothing must."""
    list_type = schema.get("x-kubernetes-list-type")
    if list_type == "set":
        return item
    if list_type == "map" and isinstance(item, dict):
        return {key: item[key] for key in schema["x-kubernetes-list-map-keys"] if key in item}
    return None


def check_object(schema: Schema, parts: Parts, value: dict[str, JSON], path: str) -> Iterator[Fault]:
    """Required fields and each field; then, if all of that is right, what must hold between them."""
    found = list(check_fields(schema, parts, value, path))
    yield from found
    part = parts.get(schema.get("title", ""))
    if part is not None and not found:
        for fault in msgspec.convert(value, part).faults():
            yield fault.under(path)


def check_fields(schema: Schema, parts: Parts, value: dict[str, JSON], path: str) -> Iterator[Fault]:
    """Required fields, then each field by itself."""
    for name in schema.get("required", ()):
        if name not in value:
            yield required(joined(path, name))
    yield from check_count(len(value), schema.get("minProperties", 0), schema.get("maxProperties"), path, "properties")
    properties = schema.get("properties", {})
    extra = schema.get("additionalProperties")
    for name, one in value.items():
        inner = properties.get(name, extra)
        if isinstance(inner, dict):
            yield from check(inner, parts, one, joined(path, name))


def check_count(count: int, least: int, most: int | None, path: str, noun: str) -> Iterator[Fault]:
    """Both bounds are inclusive."""
    if count < least:
        yield invalid(path, count, f"{path} in body should have at least {least} {noun}")
    if most is not None and count > most:
        yield Fault(path, "FieldValueTooMany", count, f"must have at most {most} items")


def wrong_type(path: str, wanted: str, actual: str) -> Fault:
    """`path: Invalid value: "actual": path in body must be of type wanted: "actual"`."""
    return Fault(path, "FieldValueTypeInvalid", actual, f'{path} in body must be of type {wanted}: "{actual}"')


def type_name(value: JSON) -> str:
    """The name that JSON schema has for the value's type."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern, compiled once."""
    return re.compile(pattern)
