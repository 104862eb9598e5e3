"""A worker without sockets or time: its real protocols between transports in memory, moved on by hand.

client bytes ──► Downstream ─ Exchange ─ Upstream ──► what a server gets; its answers go the other way.
"""

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from itertools import count
from typing import Any, cast

from tests.fuzz.scenario import Reply, Scenario
from tests.support.worker import Cells, table
from turnout.endpoints import Endpoint
from turnout.endpoints.outlier import Outliers
from turnout.proxy import heads
from turnout.proxy import upstream as upstream_module
from turnout.proxy.connections import Connections, Server, Waiter
from turnout.proxy.downstream import Downstream
from turnout.proxy.limits import Limits
from turnout.proxy.state import State
from turnout.proxy.upstream import Upstream
from turnout.telemetry.record import Record

ADDRESSES = ("127.0.0.1:9001", "127.0.0.1:9002", "127.0.0.1:9003")
LIMITS = Limits(
    head=4096,
    fields=40,
    body=32 * 1024,
    held=1024,
    pipelined=2,
    idle_client=3.0,
    slow_head=3.0,
    slow_body=3.0,
    quiet=4.0,
    linger=2.0,
)
"""Small, so that small inputs reach them."""
HEAD_LIMIT = 8192
SWEEPS = 120
"""Virtual seconds after the last byte in which everything must be over."""
STEPS = 20_000


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

    def __init__(self, loop: Loop, protocol: asyncio.Protocol, borrowed: socket.socket) -> None:
        self.protocol = protocol
        self.written: list[bytes] = []
        self.ended = ""
        self.lost = False
        self.held = False
        self._loop = loop
        self._borrowed = borrowed

    def write(self, data: bytes) -> None:
        if self.ended == "eof":
            raise RuntimeError("written behind the end")
        if not self.ended:
            self.arrive(data)

    def writelines(self, parts: list[bytes]) -> None:
        self.write(b"".join(parts))

    def arrive(self, data: bytes) -> None:
        self.written.append(data)

    def is_closing(self) -> bool:
        return self.ended in {"closed", "aborted", "left"}

    def get_write_buffer_size(self) -> int:
        return 0

    def get_extra_info(self, name: str) -> object:
        return self._borrowed if name == "socket" else ("127.0.0.1", 1)

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


class Attempt:
    """One request on its way to a server. `sent` is what the server got of it, `fed` what it has answered."""

    def __init__(self, reply: Reply) -> None:
        self.sent: list[bytes] = []
        self.fed: list[bytes] = []
        self.end = ""
        self.reply = reply
        self.left: deque[bytes] | None = None


class ServerWire(Wire):
    """The worker's connection to a server: one Attempt after the other."""

    attempt: Attempt
    uses = 0
    rig: "Rig"

    def arrive(self, data: bytes) -> None:
        upstream = self.protocol
        if isinstance(upstream, Upstream) and upstream.uses != self.uses:
            self.uses = upstream.uses
            self.attempt = Attempt(self.rig.next_reply())
            self.rig.attempts.append(self.attempt)
        self.attempt.sent.append(data)
        super().arrive(data)


class Handmade(Connections):
    """Connections that are there at the next turn, or refused as the scenario says."""

    __slots__ = ("rig",)

    rig: "Rig"

    def connect(self, server: Server, waiter: Waiter) -> None:
        self.rig.loop.call_soon(self.rig.connect, server, waiter)


class Rig:
    """One worker for many scenarios; each begins with no connection and no memory of failures."""

    def __init__(self) -> None:
        self.loop = Loop()
        self.records: list[Record] = []
        self.cells = Cells()
        self.pair = socket.socketpair()
        upstream_module.HEAD_LIMIT = HEAD_LIMIT
        loop = cast("asyncio.AbstractEventLoop", self.loop)
        self.state = State(loop, self.records.append, self.cells, self.cells.total, LIMITS)
        self.state.clock = self.loop.time
        self.state.dice = lambda: 0.5
        self.state.swap(table({"a": 1}), 1)
        self.state.endpoints = {
            "default/a": tuple(
                Endpoint(f"default/s{slot}", address, slot, ready=True, checked=0.0)
                for slot, address in enumerate(ADDRESSES)
            )
        }
        made = Handmade(loop, LIMITS)
        made.rig = self
        self.state.connections = made
        self.most = 0

    def close(self) -> None:
        upstream_module.HEAD_LIMIT = 1024 * 1024
        for each in self.pair:
            each.close()

    def run(self, scenario: Scenario) -> None:
        """Sends it all and waits until all is over; HangError when it is not."""
        self._begin(scenario)
        client = self.client
        for piece in scenario.pieces:
            self._read_on()
            if not client.deliver(piece):
                break
            self.bound(len(piece))
            self._slow_down(scenario)
            self.loop.run()
            if scenario.early:
                self.answer(1)
        else:
            self._finish(scenario)
        self._wait()

    def _begin(self, scenario: Scenario) -> None:
        heads._numbers = count(1)  # the same scenario, the same bytes
        self.scenario = scenario
        self.records.clear()
        self.attempts: list[Attempt] = []
        self.servers: list[ServerWire] = []
        self._replies = 0
        self._connects = 0
        self._reads = True
        state = self.state
        state.outliers = Outliers()
        state._pools.clear()
        self.downstream = Downstream(state, 80)
        self.client = Wire(self.loop, self.downstream, self.pair[0])
        self.downstream.connection_made(cast("asyncio.Transport", self.client))

    def _slow_down(self, scenario: Scenario) -> None:
        """A client that reads slowly: every piece turns its reading off or on."""
        if scenario.slow and not self.client.lost:
            protocol: Any = self.client.protocol
            self._reads = not self._reads
            (protocol.resume_writing if self._reads else protocol.pause_writing)()

    def _read_on(self) -> None:
        """What is held back waits for the servers: these answer until the worker reads again."""
        for _ in range(STEPS):
            if not self.client.held or self.client.is_closing():
                return
            if not self._reads:
                self._slow_down(self.scenario)
            if not self.answer(1):
                self.loop.advance(1.0)
                self.state.sweep()
                self.loop.run()
        raise HangError("the client is held back for ever")

    def _finish(self, scenario: Scenario) -> None:
        client = self.client
        if scenario.leaves == "at once":
            client.half_close()
        elif scenario.leaves == "reset":
            client.gone(ConnectionResetError())
        if not self._reads:
            self._slow_down(scenario)
        self.answer(STEPS)
        if scenario.leaves == "after":
            client.half_close()
        self.loop.run()

    def _wait(self) -> None:
        state = self.state
        for _ in range(SWEEPS):
            self.loop.run()
            if not state.sessions:
                break
            self.loop.advance(1.0)
            state.sweep()
            self.answer(STEPS)
        if state.sessions:
            raise HangError(f"the client's connection is open after {SWEEPS} s of nothing")
        for wire in self.servers:
            wire.gone(None)
        self.loop.run()
        if any(self.cells.cells) or state.streams or state.held:
            raise HangError(f"in flight {self.cells.cells}, streams {state.streams}, held {state.held} after the end")

    @property
    def broken(self) -> bool:
        """Whether the worker has ended the client's connection in the midst of an answer."""
        return any(each.reason for each in self.records)

    def bound(self, last: int) -> None:
        """Bodies in the worker's hands are within what the limits say."""
        downstream = self.downstream
        exchanges = [each for each in (downstream._current, *downstream._waiting) if each is not None]
        size = sum(len(part) for each in exchanges for part in each.request.body)
        allowed = LIMITS.body + LIMITS.held + last
        self.most = max(self.most, size)
        if size > allowed or len(exchanges) > LIMITS.pipelined + 2 + last // 16:
            raise AssertionError(f"{size} bytes of {len(exchanges)} requests are held, {allowed} allowed")

    # -- servers

    def next_reply(self) -> Reply:
        reply = self.scenario.replies[self._replies % len(self.scenario.replies)]
        self._replies += 1
        return reply

    def connect(self, server: Server, waiter: Waiter) -> None:
        self._connects += 1
        if self._connects in self.scenario.refused:
            waiter.refused("Connection refused")
            return
        upstream = Upstream(server)
        server.open += 1
        wire = ServerWire(self.loop, upstream, self.pair[0])
        wire.rig = self
        upstream.connection_made(cast("asyncio.Transport", wire))
        self.servers.append(wire)
        if not waiter.connected(upstream):
            upstream.reusable = True
            server.release(upstream, self.loop.now)

    def answer(self, pieces: int) -> bool:
        """Up to so many pieces of answers arrive; whether any did."""
        done = 0
        moved = True
        while moved and done < pieces:
            moved = False
            self.loop.run()
            for wire in self.servers:
                if not wire.lost and not wire.held and self._answer(wire):
                    moved = True
                    done += 1
        self.loop.run()
        return done > 0

    def _answer(self, wire: ServerWire) -> bool:
        attempt: Attempt | None = getattr(wire, "attempt", None)
        if attempt is None or attempt.end:
            return False
        upstream = wire.protocol
        if attempt.left is None:
            receiver: Any = upstream.receiver if isinstance(upstream, Upstream) else None
            if receiver is None or not (self.scenario.early or receiver._attempts.sent):
                return False
            attempt.left = deque(attempt.reply.pieces(attempt.sent[0].partition(b" ")[0]))
        if attempt.left:
            piece = attempt.left.popleft()
            current = wire.attempt
            if wire.deliver(piece):
                current.fed.append(piece)
            return True
        attempt.end = attempt.reply.end
        if attempt.end == "eof":
            wire.half_close()
        elif attempt.end == "reset":
            wire.gone(ConnectionResetError())
        return True
