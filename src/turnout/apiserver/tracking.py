"""`metadata.managedFields` kept with every write: what a stored or sent object says of its owners, and says after."""

from collections.abc import Iterable

from turnout.apiserver.ownership.encoding import MalformedError
from turnout.apiserver.ownership.entries import APPLY, UPDATE, Entry, Writer, read_entries, written_entries
from turnout.apiserver.ownership.shapes import shape_of
from turnout.apiserver.ownership.writes import updated
from turnout.apiserver.paths import Target
from turnout.resources.document import JSON, Document
from turnout.resources.kinds import Kind, api_version


def writer_of(target: Target, manager: str, *, applies: bool = False) -> Writer:
    """Who writes to `target`, in the version that it speaks."""
    version = api_version(target.kind.group, target.version)
    return Writer(manager, APPLY if applies else UPDATE, version, target.subresource)


def bare(document: Document) -> Document:
    """The object without its `managedFields`."""
    metadata = {key: value for key, value in document["metadata"].items() if key != "managedFields"}
    return {**document, "metadata": metadata}


def owned(document: Document, entries: Iterable[Entry]) -> Document:
    """The object with these owners."""
    managed = written_entries(entries)
    kept = bare(document)
    return {**kept, "metadata": {**kept["metadata"], "managedFields": managed}} if managed else kept


def owners(document: Document) -> tuple[Entry, ...]:
    """The owners that an object names; nobody if what it says cannot be read."""
    try:
        return read_entries(document["metadata"].get("managedFields"))
    except MalformedError:
        return ()


def tracked_create(kind: Kind, sent: Document, made: Document, writer: Writer, now: str) -> Document:
    """A new object, made of what `writer` sent, with its owners. A status is not the creator's."""
    empty: Document = {"metadata": {}}
    whole = {key: value for key, value in made.items() if key != "status" or not kind.has_status}
    return owned(made, updated(shape_of(kind), empty, whole, owners(sent), writer, now))


def tracked_update(kind: Kind, old: Document, sent: Document, made: Document, writer: Writer, now: str) -> Document:
    """The object made of what `writer` sent in place of `old`, with its owners.

    `managedFields` that are sent count, as in Kubernetes: `[{}]` clears them for good, unless a later apply begins
    anew; what is empty or cannot be read leaves them.
    """
    managed = sent["metadata"].get("managedFields")
    before = (() if writer.subresource else owners(sent)) or owners(old)
    if (_is_reset(managed) and not writer.subresource) or not before:
        return bare(made)
    return owned(made, updated(shape_of(kind), bare(old), made, before, writer, now))


def _is_reset(managed: JSON) -> bool:
    return bool(managed == [{}])
