"""The statuses that are not yet what their objects have."""

from collections.abc import Iterable, Mapping

from turnout.kube.reflector import Reflector
from turnout.runners.controller.statuses import StatusWrite
from turnout.store import Document
from turnout.table.keyed import changed

Name = tuple[str, str]
"""Kind and key."""


class Due:
    """`writes` are those that nobody has been handed yet."""

    def __init__(self, reflectors: Mapping[str, Reflector]) -> None:
        self._reflectors = reflectors
        self._told: Mapping[Name, Document] = {}
        self._writes: dict[Name, StatusWrite] = {}

    @property
    def writes(self) -> tuple[StatusWrite, ...]:
        """What is to be written."""
        return tuple(self._writes.values())

    def look(self, told: Mapping[Name, Document], *, everywhere: bool) -> None:
        """Compares the statuses that were worked out since the last time, or all, with what the objects have."""
        for name in told if everywhere else changed(self._told, told):
            kind, key = name
            status, seen = told.get(name), self._reflectors[kind].documents.get(key)
            if status is None or seen is None or seen.get("status", {}) == status:
                self._writes.pop(name, None)
            else:
                self._writes[name] = StatusWrite(kind, key, seen, status)
        self._told = told

    def handed(self, writes: Iterable[StatusWrite]) -> None:
        """These are the writer's from here on."""
        for write in writes:
            name = (write.kind, write.key)
            if self._writes.get(name) is write:
                del self._writes[name]
