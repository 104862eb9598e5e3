"""YAML as a tree of JSON values that knows the line of each: the subset that Kubernetes reads.

YAML's events are put together here rather than by a loader, because loaders accept duplicate keys and forget lines.
"""

import math
import re
from collections.abc import Iterable, Iterator
from typing import Any

import yaml
from msgspec import Struct
from yaml.resolver import Resolver

from turnout.resources.document import JSON

# libyaml is ten times as fast; the pure parser reads the same where it is not built in.
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

DEEPEST = 64
MOST_ALIASED = 100_000
RESOLVER: Any = Resolver()  # its methods are untyped
# JSON's numbers, and those of YAML 1.2: PyYAML follows 1.1, which wants a sign in every exponent.
DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)[eE][-+]?[0-9]+")
TAG = "tag:yaml.org,2002:"


class UnreadableError(Exception):
    """The text is no YAML that Kubernetes reads. `line` counts from 1."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.line = line
        self.text = text


class Node(Struct):
    """A value and its `line`, counted from 1. `entries` are (line of the key, value) of a mapping.

    At most one of `entries` and `items` is set. `size` is the number of values in it, and `height` how many levels of
    lists and mappings it has, aliases written out.
    """

    line: int
    scalar: JSON = None
    entries: dict[str, tuple[int, "Node"]] | None = None
    items: list["Node"] | None = None
    merged: frozenset[str] = frozenset()
    size: int = 1
    height: int = 0

    def json(self) -> JSON:
        """The value as JSON."""
        if self.entries is not None:
            return {key: node.json() for key, (_, node) in self.entries.items()}
        if self.items is not None:
            return [node.json() for node in self.items]
        return self.scalar


class Open(Struct):
    """A list or mapping that has begun, and the key that waits for its value; `merges` if that key is YAML's `<<`."""

    node: Node
    anchor: str | None
    key: str | None = None
    key_line: int = 0
    merges: bool = False


def trees(text: str) -> Iterator[Node]:
    """The documents of `text`, in order, up to the first fault. Raises `UnreadableError`."""
    events = yaml.parse(text, Loader=Loader)
    try:
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                yield Composer().compose(events)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise UnreadableError(mark.line + 1 if mark else 1, f"bad YAML: {error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise UnreadableError(1, f"bad YAML: {error}") from error


class Composer:
    """Puts one document together from its events, without recursion."""

    def __init__(self) -> None:
        self.open: list[Open] = []
        self.anchors: dict[str, Node | None] = {}
        self.aliased = 0
        self.root = Node(1)

    def compose(self, events: Iterable[yaml.Event]) -> Node:
        """The document that `events` are within. Raises `UnreadableError`."""
        for event in events:
            assert event.start_mark is not None
            line = event.start_mark.line + 1
            if isinstance(event, yaml.DocumentEndEvent):
                break
            if isinstance(event, yaml.AliasEvent):
                self.add(self.alias(event.anchor or "", line), line)
            elif isinstance(event, yaml.ScalarEvent):
                self.add_scalar(event, line)
            elif isinstance(event, yaml.CollectionStartEvent):
                self.begin(event, line)
            elif isinstance(event, yaml.CollectionEndEvent):
                self.end()
        return self.root

    def begin(self, event: yaml.CollectionStartEvent, line: int) -> None:
        """A list or mapping begins."""
        mapping = isinstance(event, yaml.MappingStartEvent)
        if event.tag not in (None, "!", f"{TAG}map" if mapping else f"{TAG}seq"):
            raise UnreadableError(line, f"tag {event.tag} is not read")
        if len(self.open) >= DEEPEST:
            raise UnreadableError(line, f"nested more than {DEEPEST} levels deep")
        if self.open and self.open[-1].node.entries is not None and self.open[-1].key is None:
            raise UnreadableError(line, "a key must be text")
        if event.anchor:
            self.anchors[event.anchor] = None
        node = Node(line, entries={}) if mapping else Node(line, items=[])
        self.open.append(Open(node, event.anchor))

    def end(self) -> None:
        """The innermost list or mapping ends."""
        closed = self.open.pop()
        closed.node.height += 1
        if closed.anchor:
            self.anchors[closed.anchor] = closed.node
        self.add(closed.node, closed.node.line)

    def add_scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        """A key, or a value without parts."""
        within = self.open[-1] if self.open else None
        if within is not None and within.node.entries is not None and within.key is None:
            within.key, within.key_line = key_of(event, line), line
            within.merges = event.value == "<<" and event.implicit[0]
            return
        node = Node(line, scalar_of(event, line))
        if event.anchor:
            self.anchors[event.anchor] = node
        self.add(node, line)

    def alias(self, anchor: str, line: int) -> Node:
        """What `anchor` names. What all aliases of a document stand for is bounded."""
        if anchor not in self.anchors:
            raise UnreadableError(line, f"alias *{anchor} names nothing")
        node = self.anchors[anchor]
        if node is None:
            raise UnreadableError(line, f"alias *{anchor} is inside of what it names")
        self.aliased += node.size
        if self.aliased > MOST_ALIASED:
            raise UnreadableError(line, f"aliases stand for more than {MOST_ALIASED} values")
        if len(self.open) + node.height > DEEPEST:
            raise UnreadableError(line, f"nested more than {DEEPEST} levels deep")
        return node

    def add(self, node: Node, line: int) -> None:
        """A value is whole: it goes into the list or mapping around it."""
        if not self.open:
            self.root = node
            return
        within = self.open[-1]
        within.node.size += node.size
        within.node.height = max(within.node.height, node.height)
        if within.node.items is not None:
            within.node.items.append(node)
            return
        if within.key is None:
            raise UnreadableError(line, "a key must be text")
        if within.merges:
            merge(within.node, node, line)
        else:
            put(within.node, within.key, within.key_line, node)
        within.key = None


def put(mapping: Node, key: str, line: int, value: Node) -> None:
    """`key: value` in `mapping`. Raises `UnreadableError` for a key that it has already; a merged one gives way."""
    entries = mapping.entries
    assert entries is not None
    if key in entries and key not in mapping.merged:
        raise UnreadableError(line, f'key "{key}" is already set on line {entries[key][0]}')
    mapping.merged -= {key}
    entries[key] = (line, value)


def merge(mapping: Node, value: Node, line: int) -> None:
    """`<<: value`: keys of other mappings, where `mapping` has none of its own."""
    assert mapping.entries is not None
    for other in value.items if value.items is not None else [value]:
        if other.entries is None:
            raise UnreadableError(line, "<< takes a mapping, or a list of mappings")
        new = {key: entry for key, entry in other.entries.items() if key not in mapping.entries}
        mapping.entries.update(new)
        mapping.merged |= new.keys()


def key_of(event: yaml.ScalarEvent, line: int) -> str:
    """The key as text, as JSON wants it: `1` and `true` are text there."""
    if event.anchor:
        raise UnreadableError(line, "a key has no anchor")
    value = scalar_of(event, line)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value) if isinstance(value, int) else event.value


def scalar_of(event: yaml.ScalarEvent, line: int) -> JSON:
    """The value of a scalar. Dates and base-60 numbers stay text, as JSON has neither."""
    tag, text = event.tag, event.value
    if tag is None or tag == "!":
        plain = event.implicit if tag is None else (False, True)
        tag = str(RESOLVER.resolve(yaml.ScalarNode, text, plain))
    kind = tag.removeprefix(TAG)
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() in ("yes", "true", "on")
    plain_number = event.implicit[0] and tag == f"{TAG}str" and DECIMAL.fullmatch(text)
    if plain_number or (kind in ("int", "float") and ":" not in text):
        return number(text, line)
    if kind in ("str", "timestamp", "int", "float", "merge", "value"):
        return text
    raise UnreadableError(line, f"tag {tag} is not read")


def number(text: str, line: int) -> int | float:
    """The number that `text` is in YAML 1.1: `0x1F`, `0b1`, `017`, `1_000`, `1.5e3`."""
    digits = text.replace("_", "").lower()
    unsigned = digits.lstrip("+-")
    try:
        if unsigned.startswith(("0x", "0b", "0o")):
            return int(digits, 0)
        if unsigned.isdigit():
            return int(digits, 8 if unsigned.startswith("0") and unsigned != "0" else 10)
        value = float(digits.replace(".inf", "inf").replace(".nan", "nan"))
    except ValueError as error:
        raise UnreadableError(line, f"{text[:40]} is no number that JSON can hold") from error
    if not math.isfinite(value):
        raise UnreadableError(line, f"{text} is no number that JSON can hold")
    return value
