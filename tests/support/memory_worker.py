"""A worker between transports of memory: its real protocols, moved on by hand, without a socket, a loop or time.

client bytes ──► Downstream ─ Exchange ─ Upstream ──► what a server gets; its answers go the other way.
"""

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from typing import cast

from tests.support.worker import PORT, Cells, table
from turnout.endpoints import Endpoint
from turnout.proxy.connections import Connections, Server, Waiter
from turnout.proxy.downstream import Downstream
from turnout.proxy.limits import Limits
from turnout.proxy.state import State
from turnout.proxy.upstream import Upstream
from turnout.telemetry.record import Record

STEPS = 20_000
"""Callbacks that one input may lead to."""
_DESCRIPTOR = socket.socket()
"""Stands for every connection's own where one is to be ended with a reset."""


class HangError(AssertionError):
    """Something is not over that must be."""


class Loop:
    """What of an event loop the protocols use, without an event loop."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.due: deque[Callable[[], object]] = deque()
        self.later: list[tuple[float, Callable[[], object]]] = []

    def time(self) -> float:
        return self.now

    def call_soon(self, call: Callable[..., object], *args: object) -> None:
        self.due.append(lambda: call(*args))

    def call_later(self, delay: float, call: Callable[..., object], *args: object) -> None:
        self.later.append((self.now + delay, lambda: call(*args)))

    def run(self) -> None:
        steps = 0
        while self.due:
            self.due.popleft()()
            steps += 1
            if steps > STEPS:
                raise HangError("callbacks go on for ever")

    def advance(self, seconds: float) -> None:
        self.now += seconds
        ready = [call for when, call in self.later if when <= self.now]
        self.later = [each for each in self.later if each[0] > self.now]
        self.due.extend(ready)
        self.run()


class Wire:
    """A transport in memory. `written` is what arrived at the peer; `ended`: "", "eof", "closed", "aborted",
    "gone", or "left" by the peer.
    """

    def __init__(self, loop: Loop, protocol: asyncio.Protocol) -> None:
        self.protocol = protocol
        self.written: list[bytes] = []
        self.ended = ""
        self.lost = False
        self.held = False
        self._loop = loop

    def write(self, data: bytes) -> None:
        if self.ended == "eof":
            raise RuntimeError("written behind the end")
        if not self.ended:
            self.arrive(data)

    def writelines(self, parts: list[bytes]) -> None:
        self.write(b"".join(parts))

    def arrive(self, data: bytes) -> None:
        self.written.append(data)

    @property
    def sent(self) -> bytes:
        """What was written, in one piece."""
        return b"".join(self.written)

    def is_closing(self) -> bool:
        return self.ended in {"closed", "aborted", "left"}

    def get_write_buffer_size(self) -> int:
        return 0

    def get_extra_info(self, name: str) -> object:
        return _DESCRIPTOR if name == "socket" else ("127.0.0.1", 1)

    def pause_reading(self) -> None:
        self.held = True

    def resume_reading(self) -> None:
        self.held = False

    def set_protocol(self, protocol: asyncio.Protocol) -> None:
        self.protocol = protocol

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        if not self.ended:
            self.ended = "eof"

    def close(self) -> None:
        self._end("closed")

    def abort(self) -> None:
        self._end("aborted")

    def _end(self, how: str) -> None:
        if self.ended in {"", "eof"}:
            self.ended = how
            self._loop.call_soon(self.gone, None)

    # -- the peer

    def gone(self, error: Exception | None) -> None:
        if not self.lost:
            self.lost = True
            self.ended = self.ended or "gone"
            self.protocol.connection_lost(error)
            self.protocol = asyncio.Protocol()  # a loop's transport lets go of it too

    def deliver(self, data: bytes) -> bool:
        """The peer's bytes arrive; False when nobody reads them any more."""
        if self.lost or self.is_closing():
            return False
        self.protocol.data_received(data)
        return True

    def half_close(self) -> None:
        """The peer sends no more."""
        if self.lost or self.is_closing():
            return
        if not self.protocol.eof_received():
            self._end("left")


class Handmade(Connections):
    """Connections that are there at the next turn, or whatever `open` makes of them."""

    __slots__ = ("handmade", "open")

    def __init__(self, loop: Loop, limits: Limits, open: Callable[[Server, Waiter], None]) -> None:  # noqa: A002
        super().__init__(cast("asyncio.AbstractEventLoop", loop), limits)
        self.handmade = loop
        self.open = open

    def connect(self, server: Server, waiter: Waiter) -> None:
        self.handmade.call_soon(self.open, server, waiter)


class MemoryWorker:
    """One worker with one pool. `servers` are the wires to its servers, in the order in which they were opened."""

    def __init__(self, limits: Limits | None = None, addresses: tuple[str, ...] = ("10.0.0.1:1",)) -> None:
        bounds = limits or Limits()
        self.loop = Loop()
        self.records: list[Record] = []
        self.cells = Cells()
        self.servers: list[Wire] = []
        loop = cast("asyncio.AbstractEventLoop", self.loop)
        self.state = State(loop, self.records.append, self.cells, self.cells.total, bounds)
        self.state.clock = self.loop.time
        self.state.connections = Handmade(self.loop, bounds, self.connect)
        self.state.swap(table({"a": 1}), 1)
        self.state.endpoints = {
            "default/a": tuple(
                Endpoint(f"default/s{slot}", address, slot, ready=True, checked=0.0)
                for slot, address in enumerate(addresses)
            )
        }

    def accept(self) -> Wire:
        """A new connection of a client."""
        downstream = Downstream(self.state, PORT)
        wire = Wire(self.loop, downstream)
        downstream.connection_made(cast("asyncio.Transport", wire))
        return wire

    def connect(self, server: Server, waiter: Waiter) -> None:
        """A connection to a server comes about."""
        upstream = Upstream(server, cast("asyncio.AbstractEventLoop", self.loop))
        server.open += 1
        wire = self.wire(upstream)
        upstream.connection_made(cast("asyncio.Transport", wire))
        self.servers.append(wire)
        if not waiter.connected(upstream):
            upstream.reusable = True
            server.release(upstream, self.loop.now)

    def wire(self, upstream: Upstream) -> Wire:
        """What a connection to a server is."""
        return Wire(self.loop, upstream)

    def pass_time(self, seconds: int) -> None:
        """Seconds in which nothing comes."""
        for _ in range(seconds):
            self.loop.advance(1.0)
            self.state.sweep()
            self.loop.run()

    def left(self) -> list[str]:
        """What is not as it was before the first client: nothing, once all connections are gone."""
        state = self.state
        there = {
            "sessions": len(state.sessions),
            "held": state.held,
            "streams": state.streams,
            "in flight": sum(self.cells.cells),
        }
        return [f"{name}: {count}" for name, count in there.items() if count]
