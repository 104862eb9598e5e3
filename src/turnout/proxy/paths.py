"""Paths of requests as bytes: written one way before they are matched, and rewritten as routes ask.

Sources: RFC 3986 sections 6.2.2 (normalisation) and 5.2.4 (dot segments); HTTPRoute `HTTPPathModifier`.
"""

import re
from urllib.parse import quote

from turnout.table import PathMatch, PathModifier

_MALFORMED = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_ENCODED = re.compile(rb"%[0-9A-Fa-f]{2}")
_SLASHES = re.compile(rb"/{2,}")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def normal_path(path: bytes) -> bytes | None:
    """`path` (absolute, no query) with unreserved characters decoded and dot segments removed; None if it is malformed.

    Other encodings stay, in upper case: `%2F` is no slash. Empty elements (`//`) stay.
    """
    if b"%" in path:
        if _MALFORMED.search(path):
            return None
        path = _ENCODED.sub(_decoded, path)
    return _without_dots(path) if b"/." in path else path


def _decoded(found: re.Match[bytes]) -> bytes:
    code = int(found[0][1:], 16)
    return bytes((code,)) if code in _UNRESERVED else found[0].upper()


def _without_dots(path: bytes) -> bytes:
    first, *elements = path.split(b"/")
    kept: list[bytes] = []
    for element in elements:
        if element == b"..":
            del kept[-1:]
        elif element != b".":
            kept.append(element)
    if elements[-1] in {b".", b".."}:
        kept.append(b"")
    return b"/".join((first, *kept))


class PathChange:
    """A PathModifier, compiled for the match whose prefix it replaces. The value is encoded where a target must be."""

    __slots__ = ("_skipped", "_value")

    def __init__(self, modifier: PathModifier, match: PathMatch) -> None:
        value = quote(modifier.value, safe="/%:@!$&'()*+,;=~-._").encode()
        value = normal_path(b"/" + value) or b"/" + quote(modifier.value).encode()
        value = _SLASHES.sub(b"/", value)
        self._skipped = -1
        if modifier.type == "prefix":
            value = value.rstrip(b"/")
            # Only a prefix leaves something to keep: what an Exact match matched is the whole path.
            if match.type == "PathPrefix":
                self._skipped = len(match.value.rstrip("/").encode())
        self._value = value

    def apply(self, target: bytes) -> bytes:
        """The new target. The query stays; where value and rest meet there is one slash."""
        path, mark, query = target.partition(b"?")
        rest = b""
        if self._skipped >= 0:
            rest = path[self._skipped :].lstrip(b"/")
            if rest or path[self._skipped :]:
                rest = b"/" + rest
        return (self._value + rest or b"/") + mark + query
