"""What becomes of an exchange once its server has switched protocols (101): bytes, both ways, until both sides end.

client ── side ◄──► side ── server. A side that is slow holds the other one back; a side that ends its half has that
passed on; a side that breaks takes the other one with it, at once. Source: RFC 9110 section 7.8.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

from turnout.proxy import answers
from turnout.proxy.limits import SWEEP
from turnout.proxy.state import Session

DRAINING = "draining"


class Former(Protocol):
    """The protocol that had the connection before, and still is to be told when it is gone."""

    transport: asyncio.Transport
    write_paused: bool

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: the connection is gone."""


class Side(asyncio.Protocol):
    """One end of a tunnel.

    `ended`: it sends no more. `slow`: it did not read as fast as was written when the tunnel took it over. `fault` is
    the tunnel's reason when this end breaks.
    """

    __slots__ = ("_former", "_tunnel", "ended", "fault", "other", "slow", "transport")

    def __init__(self, tunnel: "Tunnel", former: Former, fault: str) -> None:
        self._tunnel = tunnel
        self._former = former
        self.transport = former.transport
        self.slow = former.write_paused
        self.fault = fault
        self.ended = False
        self.other: Side | None = None

    def send(self, data: bytes) -> None:
        """Writes to this end, unless it is gone."""
        if data and not self.transport.is_closing():
            self.transport.write(data)

    def hold(self, *, held: bool) -> None:
        """Stops reading this end, or reads on."""
        if self.ended or self.transport.is_closing():
            return
        if held:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        """asyncio: bytes for the other end."""
        self._tunnel.moved()
        if self.other is not None:
            self.other.send(data)

    def eof_received(self) -> bool:
        """asyncio: this end sends no more. It may still be sent to."""
        self.ended = True
        self._tunnel.half_ended(self)
        return self.transport.can_write_eof()

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: this end is gone."""
        self._former.connection_lost(exc)
        tunnel = self._tunnel
        del self._tunnel  # it holds this side: a cycle
        tunnel.lost(self)

    def pause_writing(self) -> None:
        """asyncio: this end does not read as fast as the other one writes."""
        if self.other is not None:
            self.other.hold(held=True)

    def resume_writing(self) -> None:
        """asyncio: this end has caught up."""
        self._tunnel.moved()
        if self.other is not None:
            self.other.hold(held=False)


class Tunnel:
    """A state.Session, from the 101 until both ends are gone. `closed` is told why it ended, "" when both ends did.

    `quiet` are the seconds without a byte after which it is given up.
    """

    __slots__ = ("_client", "_closed", "_idle", "_open", "_quiet", "_reason", "_server", "_sessions")

    def __init__(
        self, sessions: set[Session], client: Former, server: Former, quiet: float, closed: Callable[[str], None]
    ) -> None:
        self._sessions = sessions
        self._quiet = quiet
        self._closed = closed
        self._idle = 0
        self._open = 2
        self._reason: str | None = None
        self._client = Side(self, client, answers.CLIENT_GONE)
        self._server = Side(self, server, answers.UPSTREAM_RESET)
        self._client.other, self._server.other = self._server, self._client

    def open(self, from_client: bytes, from_server: bytes) -> None:
        """Takes both connections over. The bytes are those that either end has sent behind its head."""
        self._sessions.add(self)
        client, server = self._client, self._server
        for side in (client, server):
            side.transport.set_protocol(side)
        server.hold(held=client.slow)
        client.hold(held=server.slow)
        server.send(from_client)
        client.send(from_server)

    # -- the sides

    def moved(self) -> None:
        """Something went through."""
        self._idle = 0

    def half_ended(self, side: Side) -> None:
        """One end sends no more: the other one gets to know that, and when both do not, it is over."""
        other = side.other
        assert other is not None
        if other.ended:
            self._end("")
            side.transport.close()
            other.transport.close()
        elif not other.transport.is_closing():
            if other.transport.can_write_eof():
                other.transport.write_eof()
            else:
                other.transport.close()  # TLS ends both ways at once, once what was written is sent

    def lost(self, side: Side) -> None:
        """One end is gone."""
        other = side.other
        assert other is not None
        # Nothing is left undone when the other end had said that it is done, or the server had.
        done = other.ended or (side is self._server and side.ended)
        self._end("" if done else side.fault)
        self._open -= 1
        if self._open:
            if not other.transport.is_closing():
                other.transport.abort()
            return
        self._client.other = self._server.other = None
        self._sessions.discard(self)
        self._closed(self._reason or "")

    # -- state.Session

    def sweep(self, now: float) -> None:
        """Ends it when nothing moved for too long."""
        self._idle += 1
        if self._idle * SWEEP >= self._quiet:
            self._break_off(answers.TIMEOUT)

    def busy(self) -> bool:
        """It is being served."""
        return True

    def close_idle(self, before: float) -> bool:
        """It waits for no request."""
        return False

    def end(self) -> None:
        """The time for draining is over."""
        self._break_off(DRAINING)

    def _break_off(self, reason: str) -> None:
        self._end(reason)
        self._client.transport.abort()
        self._server.transport.abort()

    def _end(self, reason: str) -> None:
        if self._reason is None:
            self._reason = reason
