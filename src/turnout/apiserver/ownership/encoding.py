"""FieldsV1: a set of paths as the nested object that `managedFields` holds."""

from collections.abc import Iterable
from typing import TypeAlias

import msgspec

from turnout.apiserver.ownership.paths import FieldSet, Path, ordered
from turnout.resources.document import JSON

Tree: TypeAlias = dict[str, JSON]
"""`{"f:spec": {".": {}, "f:port": {}}}`: an empty object is a path of the set, and so is one that holds a `.`."""
DEEPEST = 128
"""Elements of a path at most: no object is nested so deep."""


class MalformedError(Exception):
    """`managedFields` that cannot be read."""


def encoded(fields: Iterable[Path]) -> Tree:
    """The tree of a set of paths, in Kubernetes' order."""
    root: Tree = {}
    paths = ordered(fields)
    inner = {path[:length] for path in paths for length in range(1, len(path))}
    for path in paths:
        node = root
        for element in path:
            node = node.setdefault(element, {})
        if path in inner:
            node["."] = {}
    return root


def decoded(tree: JSON) -> FieldSet:
    """The set of paths that `encoded` made the tree of. Raises MalformedError for what is no FieldsV1."""
    found: set[Path] = set()
    pending: list[tuple[Path, JSON]] = [((), tree)]
    while pending:
        path, node = pending.pop()
        if not isinstance(node, dict):
            raise MalformedError(f"fieldsV1: {'/'.join(path) or 'the set'} is not an object")
        if path and (not node or "." in node):
            found.add(path)
        if len(path) >= DEEPEST:
            raise MalformedError(f"fieldsV1: paths of more than {DEEPEST} elements")
        pending += [((*path, _checked(element)), below) for element, below in node.items() if element != "."]
    return frozenset(found)


def is_member(node: Tree) -> bool:
    """Whether the path of this node of a tree is in the set, and not only paths below it."""
    return not node or "." in node


def _checked(element: str) -> str:
    """The element, if it is one."""
    kind, colon, text = element.partition(":")
    if colon and kind == "f":
        return element
    try:
        value = msgspec.json.decode(text) if colon else None
    except (msgspec.DecodeError, RecursionError):
        value = None
    right = {"k": isinstance(value, dict) and bool(value), "i": isinstance(value, int), "v": colon and text != ""}
    if not right.get(kind) or (value is None and text != "null"):
        raise MalformedError(f"fieldsV1: {element[:60]!r} is no path element")
    return element
