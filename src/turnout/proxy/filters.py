"""What a route does to a request and to its answer, compiled: header changes, another host, another path.

Headers that frame a message or belong to one hop, and the gateway's own, are never changed.
"""

import re
from collections.abc import Callable, Iterable

from turnout.proxy.heads import COLON, CRLF, DROP, request_kind, response_kind, without
from turnout.proxy.paths import PathChange
from turnout.proxy.request import Request
from turnout.table import Filters, HeaderChange, PathMatch

_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BREAKS = re.compile(rb"[\r\n\0]")
_HOST = frozenset({b"host"})


class HeaderEdit:
    """One HeaderChange, compiled. `names` are those that it touches, in lower case."""

    __slots__ = ("_added", "_dropped", "names")

    def __init__(self, change: HeaderChange, kind: Callable[[bytes], int]) -> None:
        placed = [_line(name, value) for name, value in change.set]
        added = [_line(name, value) for name, value in change.add]
        dropped = {name.lower().encode() for name in change.remove} | {line[0].lower() for line in placed if line}
        self._dropped = frozenset(name for name in dropped if _changeable(name, kind))
        self._added = [part for line in placed + added if line and _changeable(line[0], kind) for part in line]
        self.names = self._dropped | {name.lower() for name in self._added[::4]}

    def apply(self, lines: list[bytes]) -> list[bytes]:
        """The header lines as they are after the change; `lines` stay as they were."""
        kept = without(lines, self._dropped) if self._dropped else lines
        return kept + self._added


def _line(name: str, value: str) -> tuple[bytes, ...]:
    """The parts of a header line; none for what would be more or less than one line."""
    header, content = name.encode(), value.encode()
    return (header, COLON, content, CRLF) if _TOKEN.fullmatch(header) and not _BREAKS.search(content) else ()


def _changeable(name: bytes, kind: Callable[[bytes], int]) -> bool:
    return kind(name) < DROP and name.lower() not in _HOST


def _edits(changes: Iterable[HeaderChange], kind: Callable[[bytes], int]) -> tuple[HeaderEdit, ...]:
    return tuple(edit for edit in (HeaderEdit(change, kind) for change in changes) if edit.names)


class Revision:
    """What Filters make of a request and of its answer. `path` is set when they rewrite it."""

    __slots__ = ("_host", "_names", "_requests", "path", "responses")

    def __init__(self, filters: Filters, match: PathMatch) -> None:
        rewrite = filters.rewrite
        hostname = rewrite.hostname if rewrite is not None else ""
        self._requests = _edits(filters.request_headers, request_kind)
        self._names: frozenset[bytes] = frozenset().union(*(edit.names for edit in self._requests))
        self._host = _line("host", hostname) if hostname else ()
        self.path = PathChange(rewrite.path, match) if rewrite is not None and rewrite.path is not None else None
        self.responses = _edits(filters.response_headers, response_kind)

    def apply(self, request: Request) -> None:
        """Changes the request, which is then read anew where that matters."""
        request.wire = b""
        for edit in self._requests:
            request.lines = edit.apply(request.lines)
        if self._host:
            request.lines = [*self._host, *without(request.lines, _HOST)]
            request.hostless = False
        if self._names:
            request.reread(self._names)
        if self.path is not None:
            request.redirect(self.path.apply(request.url))


def revised(lines: list[bytes], edits: tuple[HeaderEdit, ...]) -> list[bytes]:
    """An answer's header lines after all of `edits`, in order."""
    for edit in edits:
        lines = edit.apply(lines)
    return lines
