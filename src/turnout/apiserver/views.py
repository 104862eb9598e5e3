"""The forms in which objects are given out: as they are, as Tables, as their metadata alone."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from turnout.apiserver import media
from turnout.apiserver.errors import not_acceptable
from turnout.apiserver.paths import Target
from turnout.apiserver.stored import Stored
from turnout.apiserver.tables import cells, columns, table
from turnout.resources.document import Document
from turnout.resources.kinds import Kind, api_version

NOTHING: Document = {}
INITIAL_END: Document = {"annotations": {"k8s.io/initial-events-end": "true"}}


class View(Protocol):
    """One form. All of its methods give JSON."""

    def one(self, stored: Stored) -> bytes:
        """An object on its own, or in a watch event."""
        ...

    def many(self, objects: Sequence[Stored], version: int, more: Document = NOTHING) -> bytes:
        """A list at a resourceVersion; `more` is what else its metadata says."""
        ...

    def bookmark(self, version: int, *, initial: bool = False) -> bytes:
        """The object of a BOOKMARK event; `initial` ends what was there when the watch began."""
        ...


class Whole:
    """Objects as they are, in the version that the client speaks."""

    def __init__(self, kind: Kind, version: str) -> None:
        self._kind = kind.kind
        self._api_version = api_version(kind.group, version)
        self._is_stored = version == kind.version

    def one(self, stored: Stored) -> bytes:
        """The object."""
        if self._is_stored:
            return stored.encoded
        return msgspec.json.encode({**stored.document, "apiVersion": self._api_version})

    def many(self, objects: Sequence[Stored], version: int, more: Document = NOTHING) -> bytes:
        """A `KINDList`."""
        head = {"apiVersion": self._api_version, "kind": f"{self._kind}List"}
        items = [msgspec.Raw(self.one(stored)) for stored in objects]
        return msgspec.json.encode({**head, "metadata": {**more, "resourceVersion": str(version)}, "items": items})

    def bookmark(self, version: int, *, initial: bool = False) -> bytes:
        """An object with nothing but a resourceVersion."""
        return msgspec.json.encode(_only_version(self._kind, self._api_version, version, initial=initial))


class MetadataOnly:
    """`PartialObjectMetadata`."""

    def one(self, stored: Stored) -> bytes:
        """The object's metadata."""
        return msgspec.json.encode(partial_metadata(stored.document))

    def many(self, objects: Sequence[Stored], version: int, more: Document = NOTHING) -> bytes:
        """A `PartialObjectMetadataList`."""
        head = {"apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadataList"}
        items = [partial_metadata(stored.document) for stored in objects]
        return msgspec.json.encode({**head, "metadata": {**more, "resourceVersion": str(version)}, "items": items})

    def bookmark(self, version: int, *, initial: bool = False) -> bytes:
        """An object with nothing but a resourceVersion."""
        bare = _only_version("PartialObjectMetadata", "meta.k8s.io/v1", version, initial=initial)
        return msgspec.json.encode(bare)


class Tabular:
    """Tables. `include` is what a row holds beside its cells: Metadata, Object or None; `now` is asked at each row."""

    def __init__(self, kind: Kind, version: str, include: str, now: Callable[[], datetime]) -> None:
        self._kind = kind
        self._api_version = api_version(kind.group, version)
        self._include = include
        self._now = now

    def one(self, stored: Stored) -> bytes:
        """A table of one row."""
        return self.many((stored,), stored.version)

    def many(self, objects: Sequence[Stored], version: int, more: Document = NOTHING) -> bytes:
        """A table of a row per object."""
        rows = [self._row(stored) for stored in objects]
        whole = table(columns(self._kind), rows, str(version))
        return msgspec.json.encode({**whole, "metadata": {**more, **whole["metadata"]}})

    def bookmark(self, version: int, *, initial: bool = False) -> bytes:
        """A table without rows; with one, empty but for the annotation, where there is one to carry."""
        bare = _only_version("PartialObjectMetadata", "meta.k8s.io/v1", version, initial=initial)
        rows: list[Document] = [{"cells": [], "object": bare}] if initial else []
        return msgspec.json.encode(table(columns(self._kind), rows, str(version)))

    def _row(self, stored: Stored) -> Document:
        row: Document = {"cells": cells(self._kind, stored.document, self._now())}
        if self._include == "Object":
            row["object"] = {**stored.document, "apiVersion": self._api_version}
        elif self._include != "None":
            row["object"] = partial_metadata(stored.document)
        return row


def partial_metadata(document: Document) -> Document:
    """The metadata of an object, as an object."""
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": document["metadata"]}


def _only_version(kind: str, version: str, resource_version: int, *, initial: bool) -> Document:
    metadata = {"resourceVersion": str(resource_version), **(INITIAL_END if initial else {})}
    return {"kind": kind, "apiVersion": version, "metadata": metadata}


def choose(target: Target, accept: str, include: str, now: Callable[[], datetime]) -> View:
    """The first form in `Accept` that there is. Raises a 406 when there is none."""
    for part in (accept or media.JSON).split(","):
        accepted, *parameters = (each.strip() for each in part.split(";"))
        if accepted not in (media.JSON, media.YAML, "application/*", "*/*"):
            continue
        named = dict(each.split("=", 1) for each in parameters if "=" in each)
        if "as" not in named:
            return Whole(target.kind, target.version)
        if named.get("g") != "meta.k8s.io" or named.get("v") != "v1":
            continue
        if named["as"] == "Table":
            return Tabular(target.kind, target.version, include, now)
        if named["as"] in ("PartialObjectMetadata", "PartialObjectMetadataList"):
            return MetadataOnly()
    raise not_acceptable((media.JSON, media.YAML))
