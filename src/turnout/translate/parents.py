"""`status.parents`: one entry per parent and controller, shared between controllers (HTTPRoute and InferencePool).

A policy's `status.ancestors` is the same under other names.
"""

from collections.abc import Iterable

from msgspec import Struct

from turnout.resources.document import JSON, Document
from turnout.translate.conditions import Condition, Stamp, entries, stamped


class Entries(Struct, frozen=True):
    """What the list and the reference in each entry are called, and the API's maximum of entries."""

    name: str
    ref: str
    limit: int


PARENTS = Entries("parents", "parentRef", 32)
ANCESTORS = Entries("ancestors", "ancestorRef", 16)


class Parent(Struct, frozen=True):
    """What we say about one parent. `ref` is the parentRef as status JSON."""

    ref: Document
    conditions: tuple[Condition, ...]


def with_parents(
    status: Document, ours: Iterable[Parent], controller_name: str, stamp: Stamp, to: Entries = PARENTS
) -> Document | None:
    """The whole new status: our entries made new, those that no longer hold gone, others' untouched and in place.

    None when there is nothing to say and nothing of ours to take back. The list is atomic, so an entry keeps its place:
    controllers that each wrote their own order would overwrite one another for ever. Our own entries beyond the API's
    limit are left out; others' never are.
    """
    existing = entries(status.get(to.name))
    mine = [entry for entry in existing if entry.get("controllerName") == controller_name]
    wanted = list(ours)
    if not wanted and not mine:
        return None
    left = [*wanted]
    parents: list[Document] = []
    for entry in existing:
        if entry.get("controllerName") != controller_name:
            parents.append(entry)
            continue
        parent = next((parent for parent in left if parent.ref == entry.get(to.ref)), None)
        if parent is not None:
            left.remove(parent)
            parents.append(_entry(parent, entry.get("conditions"), controller_name, stamp, to))
    room = max(0, to.limit - len(parents))
    parents += [_entry(parent, None, controller_name, stamp, to) for parent in left[:room]]
    return {**status, to.name: parents}


def _entry(parent: Parent, conditions: JSON, controller_name: str, stamp: Stamp, to: Entries) -> Document:
    return {
        to.ref: parent.ref,
        "controllerName": controller_name,
        "conditions": stamped(parent.conditions, conditions, stamp),
    }
