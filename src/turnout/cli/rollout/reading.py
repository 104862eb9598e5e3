"""JSON that may be anything: a status is read by versions that did not write it."""

from turnout.resources.document import JSON


def mapping(value: JSON, *path: str) -> dict[str, JSON]:
    """The object at `path` in `value`; empty where there is none."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def mappings(value: JSON) -> list[dict[str, JSON]]:
    """The objects of a list; none where there is no list."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def text(value: JSON, otherwise: str = "") -> str:
    """Text that is not empty, else `otherwise`."""
    return value if isinstance(value, str) and value else otherwise


def number(value: JSON) -> float | None:
    """A number; None for all else."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def counted(value: JSON) -> str:
    """A number as people write it, `-` for all else."""
    found = number(value)
    return "-" if found is None else f"{found:g}"
