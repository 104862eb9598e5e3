"""A worker between transports of memory: what comes and goes, byte by byte, without a socket or a loop."""

import socket
from collections import deque
from collections.abc import Callable
from typing import cast

from tests.support.worker import PORT, Cells, table
from turnout.channels.credentials import PLAIN, Credentials
from turnout.endpoints import Endpoint
from turnout.proxy.connections import Connections, Server, Waiter
from turnout.proxy.downstream import Downstream
from turnout.proxy.limits import Limits
from turnout.proxy.state import State
from turnout.proxy.upstream import Upstream
from turnout.telemetry.record import Record

_DESCRIPTOR = socket.socket()
"""Stands for every connection's own where one is to be ended with a reset."""


class Wire:
    """A transport. `sent` is what was written; `closed`: nothing more comes or goes; `paused`: nothing is read."""

    def __init__(self, memory: "MemoryWorker", protocol: Downstream | Upstream) -> None:
        self._memory = memory
        self._protocol: Downstream | Upstream | None = protocol
        self.sent = bytearray()
        self.closed = False
        self.paused = False
        self.ended = False

    def write(self, data: bytes) -> None:
        if not self.closed:
            assert not self.ended, "written behind the end"
            self.sent += data

    def writelines(self, parts: list[bytes]) -> None:
        self.write(b"".join(parts))

    def write_eof(self) -> None:
        self.ended = True

    def can_write_eof(self) -> bool:
        return True

    def is_closing(self) -> bool:
        return self.closed

    def get_write_buffer_size(self) -> int:
        return 0

    def get_extra_info(self, name: str) -> object:
        return _DESCRIPTOR if name == "socket" else ("127.0.0.1", 1)

    def set_protocol(self, protocol: Downstream | Upstream) -> None:
        self._protocol = protocol

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False

    def close(self) -> None:
        self.lose()

    def abort(self) -> None:
        self.lose()

    def lose(self, error: OSError | None = None) -> None:
        """The connection ends; its protocol hears of it in its turn."""
        if not self.closed:
            self.closed = True
            self._memory.due.append(lambda: self._gone(error))

    def _gone(self, error: OSError | None) -> None:
        protocol, self._protocol = self._protocol, None  # as a real one: the two would hold each other
        if protocol is not None:
            protocol.connection_lost(error)

    def receive(self, data: bytes) -> None:
        """Bytes come from the other end."""
        if not self.closed and self._protocol is not None:
            self._protocol.data_received(data)

    def receive_end(self) -> None:
        """The other end sends no more."""
        if not self.closed and self._protocol is not None and not self._protocol.eof_received():
            self.lose()


class _Connections(Connections):
    """Opens wires, in their turn."""

    def __init__(self, memory: "MemoryWorker", limits: Limits) -> None:
        super().__init__(cast("object", memory), limits)  # type: ignore[arg-type] # no loop is needed
        self._memory = memory

    def server(self, address: str, credentials: Credentials = PLAIN) -> Server:
        return super().server(address, credentials)

    def connect(self, server: Server, waiter: Waiter) -> None:
        self._memory.due.append(lambda: self._open(server, waiter))

    def _open(self, server: Server, waiter: Waiter) -> None:
        upstream = Upstream(server)
        server.open += 1
        wire = Wire(self._memory, upstream)
        upstream.connection_made(wire)  # type: ignore[arg-type] # all of a transport that is used
        self._memory.servers.append(wire)
        if not waiter.connected(upstream):
            upstream.reusable = True
            server.release(upstream, self._memory.now)


class MemoryWorker:
    """One worker with one pool of one server. `servers` are the wires to it, in the order in which they were opened.

    `due` is what comes next: `settle` does it all. `now` is the clock.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self.due: deque[Callable[[], object]] = deque()
        self.servers: list[Wire] = []
        self.records: list[Record] = []
        self.now = 1000.0
        self.cells = Cells()
        bounds = limits or Limits()
        # No loop is needed but for what stands here.
        self.state = State(cast("object", self), self.records.append, self.cells, self.cells.total, bounds)  # type: ignore[arg-type]
        self.state.clock = lambda: self.now
        self.state.connections = _Connections(self, bounds)
        self.state.endpoints = {"default/a": (Endpoint("default/s", "10.0.0.1:1", 0, ready=True, checked=0.0),)}
        self.state.swap(table({"a": 1}), 1)

    def time(self) -> float:
        """asyncio: the clock."""
        return self.now

    def call_soon(self, work: Callable[..., object], *arguments: object) -> None:
        """asyncio: in its turn."""
        self.due.append(lambda: work(*arguments))

    def client(self) -> Wire:
        """A new connection of a client."""
        downstream = Downstream(self.state, PORT)
        wire = Wire(self, downstream)
        downstream.connection_made(wire)  # type: ignore[arg-type] # all of a transport that is used
        return wire

    def settle(self) -> None:
        """Does what is due until nothing is."""
        while self.due:
            self.due.popleft()()

    def wait(self, seconds: int) -> None:
        """Time passes, and nothing comes."""
        for _ in range(seconds):
            self.now += 1.0
            self.state.sweep()
            self.settle()

    def left(self) -> list[str]:
        """What is not as it was before the first client, all of which are gone."""
        state = self.state
        there = {
            "sessions": len(state.sessions),
            "held": state.held,
            "streams": state.streams,
            "in flight": self.cells.cells[0],
        }
        return [f"{name}: {count}" for name, count in there.items() if count]
