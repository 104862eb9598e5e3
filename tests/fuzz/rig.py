"""A worker between transports of memory that is taken through a scenario to its end."""

from collections import deque
from itertools import count
from typing import Any, cast

from tests.fuzz.scenario import Reply, Scenario
from tests.support.memory_worker import STEPS, HangError, MemoryWorker, Wire
from turnout.endpoints.outlier import Outliers
from turnout.proxy import downstream as downstream_module
from turnout.proxy import heads, turns, writing
from turnout.proxy import upstream as upstream_module
from turnout.proxy.connections import Server, Waiter
from turnout.proxy.downstream import Downstream
from turnout.proxy.limits import Limits
from turnout.proxy.upstream import Upstream

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
SMALL = {
    (upstream_module, "HEAD_LIMIT"): 8192,
    (upstream_module, "GULP"): 700,
    (downstream_module, "GULP"): 700,
    (turns, "PIECE"): 600,
    (writing, "PIECE"): 600,
}
"""What no argument sets, for the same reason."""
SWEEPS = 120
"""Virtual seconds after the last byte in which everything must be over."""


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


class Rig(MemoryWorker):
    """One worker for many scenarios; each begins with no connection and no memory of failures."""

    def __init__(self) -> None:
        super().__init__(LIMITS, ADDRESSES)
        self._usual = {place: getattr(*place) for place in SMALL}
        for (module, name), value in SMALL.items():
            setattr(module, name, value)
        self.state.dice = lambda: 0.5
        self.most = 0

    def close(self) -> None:
        for (module, name), value in self._usual.items():
            setattr(module, name, value)

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
        self.servers.clear()
        self._replies = 0
        self._connects = 0
        self._reads = True
        state = self.state
        state.outliers = Outliers()
        state._pools.clear()
        self.client = self.accept()
        self.downstream = cast("Downstream", self.client.protocol)

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
        if self.left():
            raise HangError(f"after the end: {self.left()}")

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
        super().connect(server, waiter)

    def wire(self, upstream: Upstream) -> Wire:
        made = ServerWire(self.loop, upstream)
        made.rig = self
        return made

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

    def _answer(self, wire: Wire) -> bool:
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
            if wire.deliver(piece):
                attempt.fed.append(piece)
            return True
        attempt.end = attempt.reply.end
        if attempt.end == "eof":
            wire.half_close()
        elif attempt.end == "reset":
            wire.gone(ConnectionResetError())
        return True
