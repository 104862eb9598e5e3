"""A long JSON body without the insides of its long strings: an image of 20 MB is not worth a scan.

Only whole parts, as they came from the wire, are left out: those that begin inside a string and hold nothing but plain
ASCII characters of it. What is left is the same document with a shorter string. How short depends on how the body came:
what is hashed to find the same thing again must lie in the bytes that are exact.
"""

from collections.abc import Iterable

LEAST = 4096
"""Bytes: a shorter part is kept, whatever it holds."""


def skeleton(parts: Iterable[bytes], exact: int = 0) -> bytes:
    """The body in one piece, shortened behind its first `exact` bytes.

    A body that is no JSON comes out as something that is none, or shortened.
    """
    kept: list[bytes] = []
    inside = escaped = False
    size = 0
    for part in parts:
        begins, size = size, size + len(part)
        if begins >= exact and inside and not escaped and _is_plain(part):
            continue
        kept.append(part)
        inside, escaped = _after(part, inside=inside, escaped=escaped)
    return b"".join(kept)


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
