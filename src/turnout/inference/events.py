"""Server-sent events, whole, out of pieces of any size (WHATWG HTML, section 9.2)."""

from typing import NamedTuple

LIMIT = 1024 * 1024
"""Bytes that one event may take before it is no longer read."""


class Event(NamedTuple):
    """One event. `name` is empty where the server gives none; `data` are its data lines, joined."""

    name: bytes
    data: bytes


def parse_event(block: bytes) -> Event | None:
    r"""The event of a block of lines that end in `\n`; None for comments and for blocks without data."""
    if block.startswith(b"data: ") and b"\n" not in block:
        return Event(b"", block[6:])
    name = b""
    data: list[bytes] = []
    for line in block.split(b"\n"):
        field, _, value = line.partition(b":")
        if field == b"data":
            data.append(value.removeprefix(b" "))
        elif field == b"event":
            name = value.removeprefix(b" ")
    return Event(name, b"\n".join(data)) if data else None


class EventSplitter:
    r"""Pieces in, blocks of whole events out. In a block every line ends in `\n`, whatever the server wrote.

    `lost`: an event was over LIMIT, and nothing comes out from there on.
    """

    __slots__ = ("_held", "_size", "lost")

    def __init__(self) -> None:
        self._held: list[bytes] = []
        self._size = 0
        self.lost = False

    @property
    def whole(self) -> bool:
        """Whether the bytes that came end at an event's end."""
        return not self._held and not self.lost

    def feed(self, piece: bytes) -> bytes:
        """All events that `piece` completes, each with its blank line; what is not whole yet is kept."""
        held = self._held
        if self.lost:
            return b""
        if held:
            held.append(piece)
            if b"\n" not in piece and b"\r" not in piece:
                self._keep(self._size + len(piece))
                return b""
            piece = b"".join(held)
        if b"\r" in piece:
            piece = _with_plain_ends(piece)
        end = piece.rfind(b"\n\n") + 2
        if end < 2:
            end = 0
        rest = piece[end:]
        self._held = [rest] if rest else []
        self._keep(len(rest))
        return piece[:end]

    def rest(self) -> bytes:
        """What came behind the last blank line, which some servers forget at the end."""
        held, self._held = b"".join(self._held), []
        return held.replace(b"\r", b"\n").rstrip(b"\n")

    def _keep(self, size: int) -> None:
        self._size = size
        if size > LIMIT:
            self._held = []
            self.lost = True


def _with_plain_ends(data: bytes) -> bytes:
    # A last CR may be half of a CRLF: it stays as it is until the next piece says.
    last = b"\r" if data.endswith(b"\r") else b""
    body = data[: len(data) - len(last)]
    return body.replace(b"\r\n", b"\n").replace(b"\r", b"\n") + last
