"""Objects as the JSON that `kubectl` writes: keys sorted, and safe to be put into a page."""

import json

from turnout.resources.document import JSON

ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})
LONGEST = 1e21
"""From here on Go writes an exponent."""


def unpointed(value: JSON) -> JSON:
    """The value with whole numbers written without a point, as Go writes them: 0.0 as 0."""
    if isinstance(value, dict):
        return {key: unpointed(each) for key, each in value.items()}
    if isinstance(value, list):
        return [unpointed(each) for each in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < LONGEST:
        return int(value)
    return value


def as_json(value: JSON) -> str:
    """The value as indented JSON, ending with a line break."""
    return json.dumps(unpointed(value), indent=4, sort_keys=True, ensure_ascii=False).translate(ESCAPES) + "\n"


def compact(value: JSON) -> str:
    """The value as JSON on one line."""
    return json.dumps(unpointed(value), separators=(",", ":"), sort_keys=True, ensure_ascii=False).translate(ESCAPES)
