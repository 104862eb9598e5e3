"""Objects as the JSON that `kubectl` writes: keys sorted, and safe to be put into a page."""

import json

from turnout.resources.document import JSON

ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def as_json(value: JSON) -> str:
    """The value as indented JSON, ending with a line break."""
    return json.dumps(value, indent=4, sort_keys=True, ensure_ascii=False).translate(ESCAPES) + "\n"


def compact(value: JSON) -> str:
    """The value as JSON on one line."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False).translate(ESCAPES)
