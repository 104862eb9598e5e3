"""No long body has the loop to itself: in one turn of the loop a connection reads and writes only so much.

uvloop reads a connection until it is empty, 32 times 256,000 bytes at most, and writes what it is given for as long as
the peer takes it. A body of 20 MB would keep everyone else waiting for some milliseconds, several times over.
"""

import asyncio
from collections import deque

JOIN = 64 * 1024
"""Bytes: below it, one copy and one write cost less than a vector of buffers; above it nothing is copied."""
GULP = 128 * 1024
"""Bytes of one read behind which there is probably more: the rest is for the next turn."""
PIECE = 512 * 1024
"""Bytes that are written in one turn."""

BODY, LINE, EARLY, CLIENT, TURN = 1, 2, 4, 8, 16
"""Reasons not to read: a body, requests in line or early bytes that wait here; a slow client; the turn is over."""


def write(transport: asyncio.Transport, parts: list[bytes], size: int) -> None:
    """Writes `parts` at once. `size` is about their bytes."""
    if size <= JOIN:
        transport.write(parts[0] if len(parts) == 1 else b"".join(parts))
    else:
        transport.writelines(parts)


class Intake:
    """Whether a connection is read from: it is not, for as long as there is a reason. `reasons` are bits."""

    __slots__ = ("_loop", "_transport", "reasons")

    def __init__(self, loop: asyncio.AbstractEventLoop, transport: asyncio.Transport) -> None:
        self._loop = loop
        self._transport = transport
        self.reasons = 0

    def hold(self, reason: int, *, held: bool) -> None:
        """There is this reason, or no more."""
        before = self.reasons
        after = self.reasons = before | reason if held else before & ~reason
        if after and not before:
            self._transport.pause_reading()
        elif before and not after:
            self._transport.resume_reading()

    def rest(self) -> None:
        """Reads on in the loop's next turn."""
        if not self.reasons & TURN and not self._transport.is_closing():
            self.hold(TURN, held=True)
            self._loop.call_soon(self._go_on)

    def leave(self) -> None:
        """Another protocol has the connection: it is left as it is."""
        self.reasons = 0

    def _go_on(self) -> None:
        if self.reasons & TURN and not self._transport.is_closing():
            self.hold(TURN, held=False)


class Outlet:
    """What is written to a connection: at once, or PIECE by PIECE, one in a turn and none while the peer is slow.

    `waiting`: some of it is not written yet.
    """

    __slots__ = ("_due", "_left", "_loop", "_slow", "_transport")

    def __init__(self, loop: asyncio.AbstractEventLoop, transport: asyncio.Transport, *, slow: bool = False) -> None:
        self._loop = loop
        self._transport = transport
        self._left: deque[bytes | memoryview] = deque()
        self._slow = slow
        self._due = False

    @property
    def waiting(self) -> bool:
        """Whether some of what was sent is not written yet."""
        return bool(self._left)

    def send(self, parts: list[bytes], size: int) -> None:
        """Writes `parts`, behind which nothing else may be sent while some wait. `size` is about their bytes."""
        if size <= PIECE:
            write(self._transport, parts, size)
            return
        for part in parts:
            if len(part) <= PIECE:
                self._left.append(part)
            else:
                view = memoryview(part)
                self._left += (view[at : at + PIECE] for at in range(0, len(part), PIECE))
        self._write_on()

    def hold(self, *, held: bool) -> None:
        """The peer is slow, or has caught up."""
        self._slow = held
        if not held and not self._due:
            self._write_on()

    def _write_on(self) -> None:
        self._due = False
        left = self._left
        if self._slow or not left:
            return
        if self._transport.is_closing():
            left.clear()
            return
        piece = []
        size = 0
        while left and size < PIECE:
            piece.append(left.popleft())
            size += len(piece[-1])
        self._transport.writelines(piece)
        if left and not self._slow:
            self._due = True
            self._loop.call_soon(self._write_on)
