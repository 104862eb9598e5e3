"""The entries of `metadata.managedFields`: who wrote which fields, how and when (`metav1.ManagedFieldsEntry`)."""

from collections.abc import Iterable

from msgspec import Struct

from turnout.apiserver.ownership.encoding import MalformedError, decoded, encoded
from turnout.apiserver.ownership.paths import NONE, FieldSet
from turnout.resources.document import JSON, Document

APPLY, UPDATE = "Apply", "Update"
MOST_UPDATERS = 10
ANCIENT = "ancient-changes"
"""Who owns what the oldest updaters owned, once there are more than `MOST_UPDATERS`."""


class Writer(Struct, frozen=True):
    """Who writes, and how: one entry's identity. An applier is the same one in whatever version it applies."""

    manager: str
    operation: str
    api_version: str
    subresource: str = ""

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """What two writes of one owner have in common."""
        version = "" if self.operation == APPLY else self.api_version
        return self.manager, self.operation, version, self.subresource


class Entry(Struct, frozen=True):
    """What a writer owns, since `time` (RFC 3339)."""

    writer: Writer
    fields: FieldSet
    time: str = ""

    def document(self) -> Document:
        """The entry as it is stored."""
        found = {
            "manager": self.writer.manager,
            "operation": self.writer.operation,
            "apiVersion": self.writer.api_version,
            "time": self.time,
            "fieldsType": "FieldsV1",
            "fieldsV1": encoded(self.fields),
            "subresource": self.writer.subresource,
        }
        return {key: value for key, value in found.items() if value or key == "fieldsV1"}


def read_entries(managed: JSON) -> tuple[Entry, ...]:
    """The entries of a `managedFields`. Raises MalformedError for what is none."""
    if not isinstance(managed or [], list):
        raise MalformedError("managedFields is not a list")
    return tuple(_entry(each) for each in managed or ())


def _entry(document: JSON) -> Entry:
    if not isinstance(document, dict):
        raise MalformedError("an entry of managedFields is not an object")
    texts = {name: document.get(name) or "" for name in ("manager", "operation", "apiVersion", "time", "subresource")}
    if not all(isinstance(text, str) for text in texts.values()):
        raise MalformedError("a field of an entry of managedFields is no text")
    if texts["operation"] not in (APPLY, UPDATE) or document.get("fieldsType") != "FieldsV1":
        raise MalformedError("an entry of managedFields has an unknown operation or fieldsType")
    writer = Writer(texts["manager"], texts["operation"], texts["apiVersion"], texts["subresource"])
    return Entry(writer, decoded(document.get("fieldsV1") or {}), texts["time"])


def written_entries(entries: Iterable[Entry]) -> list[Document]:
    """A `managedFields`: appliers first, then by time; nobody who owns nothing."""
    kept = [entry for entry in entries if entry.fields]
    return [entry.document() for entry in sorted(_capped(kept), key=_order)]


def _order(entry: Entry) -> tuple[str, ...]:
    writer = entry.writer
    return writer.operation, entry.time, writer.manager, writer.api_version, writer.subresource


def _capped(entries: list[Entry]) -> list[Entry]:
    """The entries with the oldest updaters of each version as one, when there are too many."""
    updaters = sorted((entry for entry in entries if entry.writer.operation == UPDATE), key=_order)
    if len(updaters) <= MOST_UPDATERS:
        return entries
    found = [entry for entry in entries if entry.writer.operation != UPDATE]
    ancient: dict[Writer, Entry] = {}
    left = len(updaters)
    for entry in updaters:
        if left <= MOST_UPDATERS and entry.writer.manager != ANCIENT:
            found.append(entry)
            continue
        writer = Writer(ANCIENT, UPDATE, entry.writer.api_version, entry.writer.subresource)
        left -= writer in ancient
        before = ancient.get(writer)
        fields = (before.fields if before else NONE) | entry.fields
        ancient[writer] = Entry(writer, fields, max(entry.time, before.time if before else ""))
    return [*found, *ancient.values()]
