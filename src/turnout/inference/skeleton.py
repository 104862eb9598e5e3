"""A long JSON body without the insides of its long strings: an image of 20 MB is not worth a scan.

Only whole parts, as they came from the wire, are left out: those that begin inside a string and hold nothing but plain
ASCII characters of it. What is left is the same document with a shorter string. How short depends on how the body came:
what is hashed to find the same thing again must lie in the bytes that are exact.
"""

LEAST = 4096
"""Bytes: a shorter part is kept, whatever it holds."""


class Skeleton:
    """Takes a body in part by part, as it comes. Behind its first `exact` bytes it is shortened.

    A body that is no JSON comes out as something that is none, or shortened.
    """

    __slots__ = ("_escaped", "_exact", "_inside", "_kept", "_size")

    def __init__(self, exact: int = 0) -> None:
        self._exact = exact
        self._size = 0
        self._kept: list[bytes] = []
        self._inside = self._escaped = False

    def feed(self, part: bytes) -> None:
        """The next part of the body."""
        begins = self._size
        self._size += len(part)
        if begins >= self._exact and self._inside and not self._escaped and _is_plain(part):
            return
        self._kept.append(part)
        self._inside, self._escaped = _after(part, inside=self._inside, escaped=self._escaped)

    def text(self) -> bytes:
        """What came so far, in one piece, shortened."""
        return b"".join(self._kept)


def _is_plain(part: bytes) -> bool:
    return len(part) >= LEAST and b'"' not in part and b"\\" not in part and part.isascii()


def _after(part: bytes, *, inside: bool, escaped: bool) -> tuple[bool, bool]:
    """Whether what follows `part` is inside a string, and whether its first character is escaped."""
    if escaped:
        part = part[1:]
    if b"\\" in part:
        # Pairs of backslashes first, so that each one left escapes what it stands before.
        part = part.replace(b"\\\\", b"").replace(b'\\"', b"")
    return inside ^ (part.count(b'"') % 2 == 1), part.endswith(b"\\")
