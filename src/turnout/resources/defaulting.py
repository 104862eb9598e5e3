"""The API's defaults, written into documents."""

import copy

from turnout.resources.document import JSON


def filled(schema: dict[str, JSON], value: JSON) -> JSON:
    """`value` with every default of `schema` that it lacks. Absent objects get theirs only where they have one."""
    if isinstance(value, dict) and "properties" in schema:
        whole = dict(value)
        for name, part in schema["properties"].items():
            if name in whole:
                whole[name] = filled(part, whole[name])
            elif "default" in part:
                whole[name] = copy.deepcopy(part["default"])
        return whole
    if isinstance(value, dict) and isinstance(schema.get("additionalProperties"), dict):
        return {name: filled(schema["additionalProperties"], one) for name, one in value.items()}
    if isinstance(value, list) and "items" in schema:
        return [filled(schema["items"], one) for one in value]
    return value
