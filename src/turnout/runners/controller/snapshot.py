"""The objects of one moment, decoded: an object that has not changed is not decoded again."""

import logging
from collections.abc import Iterator, Mapping

import msgspec

from turnout.kube.reflector import Reflector
from turnout.resources.decode import decode
from turnout.resources.kinds import Kind
from turnout.resources.metadata import Resource
from turnout.resources.set import ResourceSet, gather
from turnout.store import Document

log = logging.getLogger("turnout.runners")


class Snapshot:
    """Reads the reflectors' copies, which are by kind name."""

    def __init__(self, reflectors: Mapping[str, tuple[Kind, Reflector]]) -> None:
        self._reflectors = reflectors
        self._decoded: dict[tuple[str, str], tuple[Document, Resource | None]] = {}

    def read(self) -> ResourceSet:
        """Every object that can be decoded; the others are left out and logged, once each."""
        decoded = {}
        for name, (kind, reflector) in self._reflectors.items():
            for key, document in reflector.documents.items():
                known = self._decoded.get((name, key))
                if known is None or known[0] is not document:
                    known = (document, _decode(kind, key, document))
                decoded[name, key] = known
        self._decoded = decoded
        return gather(_present(decoded))


def _present(decoded: Mapping[tuple[str, str], tuple[Document, Resource | None]]) -> Iterator[Resource]:
    return (resource for _, resource in decoded.values() if resource is not None)


def _decode(kind: Kind, key: str, document: Document) -> Resource | None:
    try:
        return decode(kind, document)
    except msgspec.ValidationError as error:
        log.warning("%s %s is left out: %s", kind.kind, key, error)
        return None
