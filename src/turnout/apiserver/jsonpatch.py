"""JSON Patch (RFC 6902) with JSON Pointer (RFC 6901)."""

from collections.abc import Mapping, Sequence
from copy import deepcopy

import msgspec

from turnout.resources.document import JSON

MAX_OPERATIONS = 10_000
MAX_COPIED = 3 * 1024 * 1024
"""Bytes of JSON that `copy` may add in all: each copy may double a document."""


class PatchError(Exception):
    """A patch that cannot be carried out; the text says which operation and why."""


def apply_patch(document: JSON, operations: Sequence[JSON]) -> JSON:
    """The patched document; the given one is left alone. All operations happen, or PatchError is raised."""
    if len(operations) > MAX_OPERATIONS:
        raise PatchError(f"{len(operations)} operations are more than {MAX_OPERATIONS}")
    patched, copied = deepcopy(document), 0
    for number, operation in enumerate(operations):
        try:
            copied += _copied(patched, operation)
            if copied <= MAX_COPIED:
                patched = _operate(patched, operation)
        except PatchError as error:
            raise PatchError(f"operation {number}: {error}") from error
        if copied > MAX_COPIED:
            raise PatchError(f"operation {number}: copies of more than {MAX_COPIED} bytes")
    return patched


def _copied(document: JSON, operation: JSON) -> int:
    """How many bytes of JSON the operation copies."""
    if not isinstance(operation, Mapping):
        raise PatchError("an operation is an object")
    if operation.get("op") != "copy":
        return 0
    return len(msgspec.json.encode(_read(document, _pointer(operation, "from"))))


def _operate(document: JSON, operation: Mapping[str, JSON]) -> JSON:
    path = _pointer(operation, "path")
    match operation.get("op"):
        case "add":
            return _add(document, path, deepcopy(_value(operation)))
        case "remove":
            return _remove(document, path)
        case "replace":
            _read(document, path)
            return _put(document, path, deepcopy(_value(operation)))
        case "move":
            source = _pointer(operation, "from")
            if path[: len(source)] == source and path != source:
                raise PatchError("a value cannot be moved into itself")
            value = _read(document, source)
            return document if path == source else _add(_remove(document, source), path, value)
        case "copy":
            return _add(document, path, deepcopy(_read(document, _pointer(operation, "from"))))
        case "test":
            if not same(_read(document, path), _value(operation)):
                raise PatchError(f"test of {operation['path']!r} failed")
            return document
        case other:
            raise PatchError(f"unknown op {other!r}")


def same(left: JSON, right: JSON) -> bool:
    """Whether two JSON values are equal: unlike Python's, JSON's true is not 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)


def _value(operation: Mapping[str, JSON]) -> JSON:
    if "value" not in operation:
        raise PatchError("value is missing")
    return operation["value"]


def _pointer(operation: Mapping[str, JSON], field: str) -> list[str]:
    text = operation.get(field)
    if not isinstance(text, str):
        raise PatchError(f"{field} is missing")
    if text and not text.startswith("/"):
        raise PatchError(f"{field} {text!r} does not begin with a slash")
    return [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:]]


def _index(items: list[JSON], token: str, *, end: bool) -> int:
    if end and token == "-":  # noqa: S105 - the token for "after the last", RFC 6901 section 4
        return len(items)
    canonical = token.isascii() and token.isdigit() and (token == "0" or token[0] != "0")  # noqa: S105 - an index
    if not canonical or len(token) > 9 or int(token) > len(items) - (not end):
        raise PatchError(f"there is no item {token!r}")
    return int(token)


def _read(document: JSON, path: Sequence[str]) -> JSON:
    for token in path:
        if isinstance(document, list):
            document = document[_index(document, token, end=False)]
        elif isinstance(document, dict) and token in document:
            document = document[token]
        else:
            raise PatchError(f"there is no {token!r}")
    return document


def _put(document: JSON, path: Sequence[str], value: JSON) -> JSON:
    """Sets what is there already; the document is changed in place."""
    if not path:
        return value
    parent = _read(document, path[:-1])
    parent[_index(parent, path[-1], end=False) if isinstance(parent, list) else path[-1]] = value
    return document


def _add(document: JSON, path: Sequence[str], value: JSON) -> JSON:
    if not path:
        return value
    parent = _read(document, path[:-1])
    if isinstance(parent, list):
        parent.insert(_index(parent, path[-1], end=True), value)
    elif isinstance(parent, dict):
        parent[path[-1]] = value
    else:
        raise PatchError(f"{path[-1]!r} has no place in a {type(parent).__name__}")
    return document


def _remove(document: JSON, path: Sequence[str]) -> JSON:
    if not path:
        raise PatchError("the whole document cannot be removed")
    _read(document, path)
    parent = _read(document, path[:-1])
    del parent[_index(parent, path[-1], end=False) if isinstance(parent, list) else path[-1]]
    return document
