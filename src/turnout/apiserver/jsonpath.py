"""The JSONPath of printer columns (Kubernetes `additionalPrinterColumns`): fields, indexes, `[*]`, equality filters."""

import re
from functools import cache

from turnout.resources.document import JSON

_STEP = re.compile(
    r"""
      \.(?P<field>(?:\\.|[^.\[\\])+)
    | \[(?P<index>-?[0-9]+)\]
    | \[(?P<all>\*)\]
    | \['(?P<quoted>[^']+)'\]
    | \[\?\(@\.(?P<key>[A-Za-z0-9_.-]+)\s*==\s*["'](?P<value>[^"']*)["']\)\]
    """,
    re.VERBOSE,
)

Step = tuple[str, str, str]
"""(kind, name, value): ("field", "spec", ""), ("index", "0", ""), ("all", "", "") or ("filter", "type", "Ready")."""


@cache
def compile_path(text: str) -> tuple[Step, ...]:
    """The steps of a path such as `.status.conditions[?(@.type=="Ready")].status`. Raises ValueError."""
    steps: list[Step] = []
    at = 0
    while at < len(text):
        match = _STEP.match(text, at)
        if match is None:
            raise ValueError(f"JSONPath {text!r} is not understood at {at}")
        if (name := match["field"] or match["quoted"]) is not None:
            steps.append(("field", re.sub(r"\\(.)", r"\1", name), ""))
        elif match["index"] is not None:
            steps.append(("index", match["index"], ""))
        elif match["all"] is not None:
            steps.append(("all", "", ""))
        else:
            steps.append(("filter", match["key"], match["value"]))
        at = match.end()
    return tuple(steps)


def find(document: JSON, path: str) -> list[JSON]:
    """Every value at `path`, in order; none is an empty list."""
    found = [document]
    for kind, name, value in compile_path(path):
        found = [inner for each in found for inner in _step(each, kind, name, value)]
    return found


def _step(value: JSON, kind: str, name: str, wanted: str) -> list[JSON]:
    if kind == "field":
        return [value[name]] if isinstance(value, dict) and name in value else []
    if isinstance(value, dict) and kind == "all":
        return list(value.values())
    if not isinstance(value, list):
        return []
    if kind == "index":
        index = int(name)
        return [value[index]] if -len(value) <= index < len(value) else []
    if kind == "all":
        return list(value)
    return [item for item in value if isinstance(item, dict) and item.get(name) == wanted]
