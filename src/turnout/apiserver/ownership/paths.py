"""Paths of fields, in the words of FieldsV1 (`metav1.FieldsV1`, structured-merge-diff's `fieldpath`)."""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import msgspec

from turnout.resources.document import JSON

Path: TypeAlias = tuple[str, ...]
"""Elements as FieldsV1 writes them: `f:spec`, `k:{"name":"http"}` (an item by its keys), `v:"x"` (an item of a set)."""
FieldSet: TypeAlias = frozenset[Path]
NONE: FieldSet = frozenset()
RANKS = {"f": 0, "k": 1, "v": 2, "i": 3}


def field(name: str) -> str:
    """The element of a named field."""
    return f"f:{name}"


def keyed(item: dict[str, JSON], keys: Sequence[str]) -> str:
    """The element of a list's item that is known by `keys`, all of which it has."""
    return "k:" + msgspec.json.encode({key: item[key] for key in sorted(keys)}).decode()


def valued(item: JSON) -> str:
    """The element of a set's item."""
    return "v:" + msgspec.json.encode(item, order="sorted").decode()


def order(element: str) -> tuple[int, str]:
    """Named fields come first, then items by key, then items by value."""
    return RANKS.get(element[:1], len(RANKS)), element


def ordered(fields: Iterable[Path]) -> list[Path]:
    """The paths in the order in which Kubernetes tells them."""
    return sorted(fields, key=lambda path: [order(element) for element in path])


def shown(path: Path) -> str:
    """A path as conflicts name it: `.spec.listeners[name="http"].port`, `.metadata.finalizers[="x"]`."""
    return "".join(map(_shown, path))


def _shown(element: str) -> str:
    kind, _, text = element.partition(":")
    if kind == "f":
        return f".{text}"
    if kind == "k":
        keys = msgspec.json.decode(text)
        return "[" + ",".join(f"{name}={_json(value)}" for name, value in keys.items()) + "]"
    return f"[={text}]" if kind == "v" else f"[{text}]"


def _json(value: JSON) -> str:
    return msgspec.json.encode(value).decode()
