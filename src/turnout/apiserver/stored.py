"""Objects as they are stored, and what a transaction asks for and does."""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec
from msgspec import Struct

from turnout.resources.document import Document

LARGEST = 3 * 512 * 1024
"""Bytes of an object at most: what etcd takes."""


class Key(NamedTuple):
    """What is unique: a version is only a way to look at an object. `namespace` is empty for cluster-scoped kinds."""

    group: str
    plural: str
    namespace: str
    name: str

    @property
    def resource(self) -> tuple[str, str]:
        """(group, plural)."""
        return self.group, self.plural


class Stored(Struct, frozen=True):
    """An object at one version. `document` is never changed; `encoded` is its JSON."""

    key: Key
    version: int
    document: Document
    encoded: bytes

    @classmethod
    def at(cls, key: Key, version: int, document: Document) -> "Stored":
        """The document with that resourceVersion written into it; with none if it is 0, not stored yet."""
        numbered = {"resourceVersion": str(version)} if version else {}
        named = {**document, "metadata": {**document["metadata"], **numbered}}
        return cls(key, version, named, msgspec.json.encode(named))


class Change(Struct, frozen=True):
    """One write that happened, at its own version: created (no `before`), changed, or removed (no `after`).

    `last` is the object as the change leaves it; of a removed one, as it was, at the version of its removal.
    """

    key: Key
    version: int
    before: Stored | None
    after: Stored | None
    last: Stored


class Transaction(Struct, frozen=True):
    """Documents to put (None removes), all or none, if every object in `expected` has that version (0: is not there).

    Every key that is written is in `expected`.
    """

    expected: Mapping[Key, int]
    writes: Mapping[Key, Document | None]


class StaleError(Exception):
    """An object is no longer at the version that the transaction expected."""


class StorageError(Exception):
    """The file could not be written; nothing of the transaction is stored."""


class NoSpaceError(StorageError):
    """There is no room for what was to be written."""
