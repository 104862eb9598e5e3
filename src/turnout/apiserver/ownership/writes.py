"""What a write makes of who owns what: updates take what they change, applies ask first (KEP-555).

Documents are given as they are stored, without `managedFields`; those are given as entries.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from turnout.apiserver.ownership.entries import APPLY, Entry, Writer
from turnout.apiserver.ownership.fields import compare, fields_of, merged, with_structs, without
from turnout.apiserver.ownership.paths import NONE, FieldSet, ordered, shown
from turnout.resources.document import Document
from turnout.resources.schema import Schema

SERVERS = (
    "name",
    "namespace",
    "creationTimestamp",
    "selfLink",
    "uid",
    "generation",
    "managedFields",
    "resourceVersion",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
)
UNOWNED: FieldSet = frozenset(
    {("f:apiVersion",), ("f:kind",), ("f:metadata",), *(("f:metadata", f"f:{name}") for name in SERVERS)}
)
"""What nobody owns: it says which object this is, or is the server's."""


class Conflict(Struct, frozen=True):
    """A field that an apply would change while another owns it. `manager` is in Kubernetes' words for a writer."""

    manager: str
    field: str


class ConflictError(Exception):
    """An apply that would take what others own. `conflicts` is not empty."""

    def __init__(self, conflicts: Sequence[Conflict]) -> None:
        self.conflicts = tuple(conflicts)
        super().__init__(_told(self.conflicts))


class Applied(Struct, frozen=True):
    """The object after an apply, not yet admitted, and who owns it."""

    document: Document
    entries: tuple[Entry, ...]


def updated(
    shape: Schema, old: Document, new: Document, entries: Iterable[Entry], writer: Writer, now: str
) -> tuple[Entry, ...]:
    """The entries after `writer` put `new` in place of `old`: what it changed is its own, what went is nobody's."""
    comparison = compare(shape, old, new)
    taken = comparison.changed - UNOWNED
    found: list[Entry] = []
    mine = Entry(writer, NONE, now)
    for entry in entries:
        if taken and entry.writer.identity == writer.identity:
            mine = Entry(writer, entry.fields - comparison.removed, now)
        else:
            found.append(Entry(entry.writer, entry.fields - taken - comparison.removed, entry.time))
    return (*found, Entry(writer, mine.fields | taken, now)) if taken else tuple(found)


def applied(
    shape: Schema,
    live: Document,
    wanted: Document,
    entries: Sequence[Entry],
    writer: Writer,
    now: str,
    takes: FieldSet | None = NONE,
) -> Applied:
    """`live` after `writer` applied `wanted`. Fields that it applied before and that nobody else owns go.

    Raises ConflictError for fields that others own and that would change, unless all of them are in `takes`; None
    stands for every field.
    """
    previous = next((entry for entry in entries if entry.writer.identity == writer.identity), Entry(writer, NONE))
    others = [entry for entry in entries if entry is not previous]
    said = fields_of(shape, wanted)
    claimed = said.union(*(entry.fields for entry in others))
    gone = with_structs(shape, previous.fields) - with_structs(shape, claimed)
    document: Document = without(shape, merged(shape, live, wanted), gone)
    comparison = compare(shape, live, document)
    changed = comparison.changed
    taken = {entry.writer: entry.fields & changed for entry in others if entry.fields & changed}
    if takes is not None and not NONE.union(*taken.values()) <= takes:
        raise ConflictError(_conflicts(taken, takes))
    left = (Entry(each.writer, each.fields - changed - comparison.removed, each.time) for each in others)
    own = said - UNOWNED
    same = own == previous.fields and not (changed or comparison.removed)
    mine = Entry(writer, own, previous.time if same and previous.time else now)
    return Applied(document, (*(entry for entry in left if entry.fields), mine))


def _conflicts(taken: dict[Writer, FieldSet], free: FieldSet) -> list[Conflict]:
    writers = sorted(taken, key=lambda writer: writer.identity)
    return [Conflict(_called(each), shown(path)) for each in writers for path in ordered(taken[each] - free)]


def _called(writer: Writer) -> str:
    quoted = f'"{writer.manager}"'
    if writer.subresource:
        quoted += f' with subresource "{writer.subresource}"'
    return quoted if writer.operation == APPLY else f"{quoted} using {writer.api_version}"


def _told(conflicts: Sequence[Conflict]) -> str:
    if len(conflicts) == 1:
        only = conflicts[0]
        return f"Apply failed with 1 conflict: conflict with {only.manager}: {only.field}"
    lines: list[str] = []
    for manager in sorted({conflict.manager for conflict in conflicts}):
        lines.append(f"conflicts with {manager}:")
        lines += [f"- {conflict.field}" for conflict in conflicts if conflict.manager == manager]
    return f"Apply failed with {len(conflicts)} conflicts: " + "\n".join(lines)
