"""Documents cut to what their kind knows."""

import copy

from turnout.resources.document import JSON
from turnout.resources.faults import joined
from turnout.resources.schema import FREE, Schema


def pruned(schema: Schema, value: JSON, path: str, unknown: list[str]) -> JSON:
    """A copy of `value` without nulls and without fields that `schema` lacks; those are added to `unknown`.

    Whole floats become integers where the schema wants one, as JSON has but one kind of number.
    """
    if isinstance(value, dict) and "properties" in schema:
        return known(schema["properties"], value, path, unknown)
    if isinstance(value, dict) and isinstance(schema.get("additionalProperties"), dict):
        inner = schema["additionalProperties"]
        return {k: pruned(inner, v, joined(path, k), unknown) for k, v in value.items() if v is not None}
    if isinstance(value, list) and "items" in schema:
        return [pruned(schema["items"], one, f"{path}[{i}]", unknown) for i, one in enumerate(value)]
    if isinstance(value, float) and schema.get("type") == "integer" and value.is_integer():
        return int(value)
    return copy.deepcopy(value) if schema.get(FREE) else copy.copy(value)


def known(properties: Schema, value: dict[str, JSON], path: str, unknown: list[str]) -> dict[str, JSON]:
    """The part of an object that `properties` name, without nulls."""
    kept: dict[str, JSON] = {}
    for name, one in value.items():
        if name not in properties:
            unknown.append(joined(path, name))
        elif one is not None:
            kept[name] = pruned(properties[name], one, joined(path, name), unknown)
    return kept
