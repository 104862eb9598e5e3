"""A request's attempts, one after the other: pick an endpoint of its pool, connect, send, and try the next best one."""

from typing import Protocol

from msgspec import Struct

from turnout.endpoints import Endpoint
from turnout.proxy import answers
from turnout.proxy.alarms import Alarm, Sleeper
from turnout.proxy.answers import Fault
from turnout.proxy.assignment import choose_endpoint
from turnout.proxy.client import Client
from turnout.proxy.connections import Server, Waiter
from turnout.proxy.request import Request
from turnout.proxy.state import State
from turnout.proxy.upstream import Receiver, Upstream
from turnout.proxy.writing import write_body, write_request


class Owner(Receiver, Waiter, Sleeper, Protocol):
    """The exchange whose request is sent and whom the answer is for.

    It hands itself in with every call and all that it is told as a Waiter or Receiver: kept here, it would be a cycle.
    """

    request: Request

    def refuse(self, fault: Fault) -> None:
        """No attempt is left: answers in the server's place."""


class Attempts(Struct, eq=False, gc=False):
    """`count` is how many were begun, `endpoint` the last one's. `open`: one is under way, and counts as in flight.

    `upstream` is the connection that the request is on, None while there is none. `sent`: the server has all of the
    request.
    """

    _state: State
    _client: Client
    _pool: str = ""
    _tried: tuple[str, ...] = ()
    _reset: str = ""  # why the last attempt failed after it was connected
    _replayable: bool = True
    _seconds: float = 0.0
    _alarm: Alarm | None = None
    count: int = 0
    open: bool = False
    sent: bool = False
    endpoint: Endpoint | None = None
    server: Server | None = None
    upstream: Upstream | None = None

    def begin(self, owner: Owner, pool: str, seconds: float = 0.0) -> None:
        """Sends the request to the best endpoint of `pool`. An attempt may take that many seconds; 0 is no limit."""
        self._pool = pool
        self._seconds = seconds
        self._try(owner)

    def pass_on(self, request: Request) -> None:
        """What came of a streamed body goes on to the server, or waits for the connection."""
        upstream = self.upstream
        if upstream is None:
            self._client.hold(held=not request.complete and request.size > self._state.limits.held)
            return
        self._replayable = self._replayable and not request.body
        self.sent = request.complete
        write_body(upstream.transport, request)
        self._client.hold(held=upstream.write_paused and not self.sent)

    def drained(self) -> None:
        """The server takes more of the request again."""
        if not self.sent:
            self._client.hold(held=False)

    def connected(self, owner: Owner, upstream: Upstream) -> bool:
        """A new connection is there; False when it is no longer wanted."""
        if not self.open or self.upstream is not None:
            return False
        if self._state.failed_at and self.endpoint is not None:
            self._state.failed_at.pop(self.endpoint.address, None)
        self._send(owner, upstream)
        return True

    def refused(self, owner: Owner, why: str) -> None:
        """The endpoint cannot be connected to: the next best one of the same pool is due."""
        if self.open and self.upstream is None and self.endpoint is not None:
            self._state.failed_at[self.endpoint.address] = self._state.clock()
            self._reset = ""
            self._next_best(owner, self.endpoint)

    def lost(self, owner: Owner, upstream: Upstream, why: str) -> None:
        """The connection ended before a byte of the answer went on to the client."""
        self.upstream = None
        self.sent = False
        endpoint, server = self.endpoint, self.server
        assert endpoint is not None
        assert server is not None
        if upstream.began or not self._replayable:
            self.leave()
            owner.refuse(answers.upstream_reset(endpoint.address, why))
        elif upstream.uses > 1:
            # The server closed it while it was idle, and its word crossed ours: that says nothing of the endpoint.
            self._state.connections.connect(server, owner)
        else:
            self._reset = why
            self._next_best(owner, endpoint)

    def finish(self, upstream: Upstream) -> None:
        """The answer is whole: the connection is free."""
        server, endpoint = self.server, self.endpoint
        assert server is not None
        assert endpoint is not None
        self.upstream = None
        self.open = False
        if self._alarm is not None:
            self._calm(self._alarm)
        if not self.sent:
            upstream.reusable = False  # the rest of the request would be taken for the next one
            self._client.hold(held=False)
        self._state.column.add(endpoint.slot, -1)
        server.release(upstream, self._state.clock())

    def switched(self) -> None:
        """The server has switched protocols: no answer is waited for, and the attempt is under way until `leave`."""
        if self._alarm is not None:
            self._calm(self._alarm)
        assert self.upstream is not None
        self.upstream.receiver = None

    def leave(self) -> None:
        """Gives up the attempt that is under way, if there is one, and its connection."""
        upstream, endpoint = self.upstream, self.endpoint
        if upstream is not None:
            self.upstream = None
            upstream.abort()
        if self.open and endpoint is not None:
            self.open = False
            if self._alarm is not None:
                self._calm(self._alarm)
            self._state.column.add(endpoint.slot, -1)

    def _calm(self, alarm: Alarm) -> None:
        alarm.cancel()
        self._alarm = None

    def _try(self, owner: Owner) -> None:
        state = self._state
        if self.count >= state.limits.attempts:
            self._give_up(owner)
            return
        now = state.clock()
        endpoint = choose_endpoint(state, self._pool, self._tried, now, owner.request)
        if endpoint is None:
            self._give_up(owner)
            return
        self.count += 1
        self.open = True
        if self._seconds:
            self._alarm = state.alarms.set(self._seconds, owner)
        self.endpoint = endpoint
        state.column.add(endpoint.slot, 1)
        server = self.server = state.connections.server(endpoint.address)
        upstream = server.take(now)
        if upstream is None:
            state.connections.connect(server, owner)
        else:
            self._send(owner, upstream)

    def _send(self, owner: Owner, upstream: Upstream) -> None:
        self.upstream = upstream
        upstream.assign(owner, owner.request.offers)
        if self._client.write_paused:
            upstream.pause()
        request = owner.request
        assert self.server is not None
        self.sent = request.buffered or request.complete
        write_request(upstream.transport, request, self.server.host_value, whole=self.sent)
        if not self.sent:
            self.pass_on(request)

    def _next_best(self, owner: Owner, endpoint: Endpoint) -> None:
        self.leave()
        self._tried = (*self._tried, endpoint.address)
        self._try(owner)

    def _give_up(self, owner: Owner) -> None:
        if self._reset and self.endpoint is not None:
            fault = answers.upstream_reset(self.endpoint.address, self._reset)
        elif self.count >= self._state.limits.attempts:
            fault = answers.upstream_connect(self._pool, self.count)
        else:
            fault = answers.no_endpoints(self._pool)
        owner.refuse(fault)
