"""Manifests: files of YAML or JSON with objects in them, and the line of each field."""

import re
from collections.abc import Iterator

from msgspec import Struct

from turnout.resources.document import Document
from turnout.resources.jsontext import as_yaml
from turnout.resources.yamltree import Node, UnreadableError, trees

INDEX = re.compile(r"\[(\d+)\]")


class Manifest(Struct, frozen=True):
    """One object of a file. `line` is where it begins, counted from 1."""

    document: Document
    line: int
    node: Node

    def line_of(self, path: str) -> int:
        """The line of the field at `path` (`spec.rules[0].name`), or of the nearest field around it that is there.

        `[0]` of a mapping is the mapping itself, as in a route whose `rules` are one.
        """
        node, line = self.node, self.line
        while path and (inner := step(node, path)) is not None:
            line, node, path = inner
        return line


class Flaw(Struct, frozen=True):
    """Something that keeps a file, or the rest of one, from being read."""

    line: int
    text: str


def read(text: str) -> Iterator[Manifest | Flaw]:
    """The objects of `text`: any number of documents, lists of objects taken apart, empty documents left out.

    What cannot be read is a `Flaw`; bad YAML is the last of them, as nothing after it can be told.
    """
    try:
        for node in trees(as_yaml(text)):
            yield from objects(node)
    except UnreadableError as error:
        yield Flaw(error.line, error.text)


def objects(node: Node) -> Iterator[Manifest | Flaw]:
    """The objects of one document: itself, or the items of a `List`."""
    if node.entries is None:
        if node.items is not None or node.scalar is not None:
            yield Flaw(node.line, "no object: a mapping with apiVersion and kind is expected")
        return
    kind, items = node.entries.get("kind"), node.entries.get("items")
    if kind is None or items is None or items[1].items is None or not str(kind[1].scalar).endswith("List"):
        yield Manifest(node.json(), node.line, node)
        return
    for item in items[1].items:
        yield from objects(item)


def step(node: Node, path: str) -> tuple[int, Node, str] | None:
    """(line, value, rest of the path) one field or item further down; None where the path leads nowhere."""
    if (index := INDEX.match(path)) is not None:
        items = [node] if node.items is None else node.items
        number = int(index[1])
        if number >= len(items):
            return None
        return items[number].line, items[number], path[index.end() :].removeprefix(".")
    # The longest, as the keys of labels hold dots.
    keys = [key for key in node.entries or () if path == key or path.startswith((f"{key}.", f"{key}["))]
    if node.entries is None or not keys:
        return None
    key = max(keys, key=len)
    line, inner = node.entries[key]
    return line, inner, path[len(key) :].removeprefix(".")
