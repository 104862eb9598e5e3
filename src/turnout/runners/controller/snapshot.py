"""The objects of one moment, decoded: an object that has not changed is not decoded again."""

import logging
from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from turnout.kube.reflector import Reflector
from turnout.resources.decode import decode
from turnout.resources.kinds import Kind
from turnout.resources.metadata import Resource
from turnout.resources.set import HOMES, ResourceSet
from turnout.store import Document
from turnout.table.keyed import changed

log = logging.getLogger("turnout.runners")


class Snapshot:
    """Reads the reflectors' copies, which are by kind name."""

    def __init__(self, reflectors: Mapping[str, tuple[Kind, Reflector]]) -> None:
        self._read = {name: _Read(kind, reflector) for name, (kind, reflector) in reflectors.items()}
        self._set = ResourceSet()

    def read(self) -> ResourceSet:
        """Every object that can be decoded; the others are left out and logged, once each.

        What has not changed since the last time is the same object, down to the dicts of the set.
        """
        moved = {each.home for each in self._read.values() if each.update()}
        if moved:
            self._set = replace(self._set, **{home: self._gathered(home) for home in moved})
        return self._set

    def _gathered(self, home: str) -> dict[str, Resource]:
        found: dict[str, Resource] = {}
        for each in self._read.values():
            if each.home == home:
                found.update(each.resources)
        return found


class _Read:
    """One kind: the documents last read, and what they are decoded."""

    def __init__(self, kind: Kind, reflector: Reflector) -> None:
        self.home = HOMES[kind.type]
        self.resources: dict[str, Resource] = {}
        self._kind = kind
        self._reflector = reflector
        self._documents: dict[str, Document] = {}

    def update(self) -> bool:
        """Reads what has changed; returns whether anything has."""
        documents = self._reflector.documents
        keys = changed(self._documents, documents)
        for key in keys:
            document = documents.get(key)
            resource = _decode(self._kind, key, document) if document is not None else None
            if resource is None:
                self.resources.pop(key, None)
            else:
                self.resources[key] = _with_spec_of(self.resources.get(key), resource)
        if keys:
            self._documents = documents.copy()
        return bool(keys)


def _with_spec_of(before: Resource | None, resource: Resource) -> Resource:
    """The resource, with the very spec that it had before if that is equal."""
    spec = getattr(before, "spec", None)
    if spec is None or getattr(resource, "spec", None) != spec:
        return resource
    return replace(resource, spec=spec)


def _decode(kind: Kind, key: str, document: Document) -> Resource | None:
    try:
        return decode(kind, document)
    except msgspec.ValidationError as error:
        log.warning("%s %s is left out: %s", kind.kind, key, error)
        return None
