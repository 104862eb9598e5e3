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
from turnout.proxy.known_pools import USUAL
from turnout.proxy.request import Request
from turnout.proxy.state import State
from turnout.proxy.upstream import Receiver, Upstream
from turnout.proxy.writing import write_body, write_request

CROSSED = 1.0
"""Seconds: a kept connection that ends sooner after a request was ending already. It is no failure of the endpoint,
whose word crossed ours, and the request goes to it again."""
UNAVAILABLE = 503
NOT_ITS_FAULT = frozenset({501, 505})
"""5xx answers that speak of the request."""


class Owner(Receiver, Waiter, Sleeper, Protocol):
    """The exchange whose request is sent and whom the answer is for.

    It hands itself in with every call and all that it is told as a Waiter or Receiver: kept here, it would be a cycle.
    """

    request: Request

    def refuse(self, fault: Fault) -> None:
        """No attempt is left: answers in the server's place."""


class Attempts(Struct, eq=False, gc=False):
    """`count` is how many were begun, `endpoint` the last one's, `began` the clock time of the first, 0 before it.

    `open`: one is under way, and counts as in flight.
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
    began: float = 0.0
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
        if request.held:
            self._state.let_go(request)
        self._client.hold(held=upstream.write_paused and not self.sent)

    def drained(self) -> None:
        """The server takes more of the request again."""
        if not self.sent:
            self._client.hold(held=False)

    def connected(self, owner: Owner, upstream: Upstream) -> bool:
        """A new connection is there; False when it is no longer wanted."""
        if not self.open or self.upstream is not None:
            return False
        if self._state.outliers.standings and self.endpoint is not None:
            self._state.outliers.reached(self.endpoint.address)
        self._send(owner, upstream)
        return True

    def refused(self, owner: Owner, why: str) -> None:
        """The endpoint cannot be connected to: the next best one of the same pool is due."""
        if self.open and self.upstream is None and self.endpoint is not None:
            self._blame(self.endpoint, self._state.clock(), refused=True)
            self._reset = ""
            self._next_best(owner, self.endpoint)

    def lost(self, owner: Owner, upstream: Upstream, why: str) -> None:
        """The connection ended before a byte of the answer went on to the client."""
        self.upstream = None
        self.sent = False
        state, endpoint, server = self._state, self.endpoint, self.server
        assert endpoint is not None
        assert server is not None
        now = state.clock()
        crossed = not upstream.began and upstream.uses > 1 and now - upstream.idle_since < CROSSED
        if not crossed:
            self._blame(endpoint, now)
        if upstream.began or not self._replayable:
            self.leave()
            owner.refuse(answers.upstream_reset(endpoint.address, why))
        elif crossed:
            state.connections.connect(server, owner)
        elif self._affords(now):
            self._reset = why
            self._next_best(owner, endpoint)
        else:
            self.leave()
            owner.refuse(answers.upstream_reset(endpoint.address, f"{why}; too many requests are retried as it is"))

    def passes_over(self, owner: Owner, upstream: Upstream) -> bool:
        """Whether a 503 is that of a server which is starting, and another one is asked in its place.

        That is one which has served nothing since it was last down, or which the scraper does not find ready: any other
        503 is an answer, and goes to the client.
        """
        state, endpoint = self._state, self.endpoint
        assert endpoint is not None
        if upstream.status != UNAVAILABLE or not self._replayable or self.count >= state.limits.attempts:
            return False
        if not self._starting(endpoint):
            return False
        now = state.clock()
        tried = (*self._tried, endpoint.address)
        other = choose_endpoint(state, self._pool, tried, now, owner.request)
        if other is None or not self._affords(now):
            return False
        self._blame(endpoint, now)
        self.leave()
        self._tried = tried
        self._reset = ""
        self._go(owner, other, now)
        return True

    def failed(self) -> None:
        """The endpoint has the whole request and is given up: its answer broke off, or did not come."""
        if self.open and self.sent and self.endpoint is not None:
            self._blame(self.endpoint, self._state.clock())

    def finish(self, upstream: Upstream, now: float) -> None:
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
        state = self._state
        if upstream.status >= 500 and upstream.status not in NOT_ITS_FAULT:
            self._blame(endpoint, now)
        elif state.outliers.standings or endpoint.address not in state.outliers.proven:
            state.outliers.served(endpoint.address, now)
        state.column.add(endpoint.slot, -1)
        server.release(upstream, now)

    def switched(self) -> None:
        """The server has switched protocols: no answer is waited for, and the attempt is under way until `leave`."""
        if self._alarm is not None:
            self._calm(self._alarm)
        assert self.upstream is not None
        self.upstream.receiver = None
        self.upstream.intake.leave()

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

    def _blame(self, endpoint: Endpoint, now: float, *, refused: bool = False) -> None:
        """The endpoint has failed: how much the pool bears of that is its policy's."""
        known = self._state.pool(self._pool)
        tolerance = known.tolerance if known is not None else USUAL
        self._state.outliers.failed(endpoint.address, now, tolerance.outlier, refused=refused)

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
        self._go(owner, endpoint, now)

    def _go(self, owner: Owner, endpoint: Endpoint, now: float) -> None:
        state = self._state
        self.count += 1
        self.began = self.began or now
        self.open = True
        if self._seconds:
            self._alarm = state.alarms.set(self._seconds, owner)
        self.endpoint = endpoint
        state.column.add(endpoint.slot, 1)
        if state.doors.open and not endpoint.secured:
            server = self.server = state.connections.server(endpoint.address)
        else:
            secured = state.server(self._pool, endpoint)
            if secured is None:
                state.loop.call_soon(owner.refused, "how to speak to it is not known yet")
                return
            server = self.server = secured
        upstream = server.take(now)
        if upstream is None:
            state.connections.connect(server, owner)
        else:
            upstream.idle_since = now
            self._send(owner, upstream)

    def _send(self, owner: Owner, upstream: Upstream) -> None:
        self.upstream = upstream
        upstream.assign(owner, owner.request.offers)
        if self._client.write_paused:
            upstream.pause()
        request = owner.request
        assert self.server is not None
        self.sent = request.buffered or request.complete
        write_request(upstream, request, self.server.host_value, self.server.bearer, whole=self.sent)
        if not self.sent:
            self.pass_on(request)

    def _next_best(self, owner: Owner, endpoint: Endpoint) -> None:
        self.leave()
        self._tried = (*self._tried, endpoint.address)
        self._try(owner)

    def _affords(self, now: float) -> bool:
        """Whether the pool's budget has room for one more request that a server may have begun."""
        known = self._state.pool(self._pool)
        return known is not None and known.budget.take(now)

    def _starting(self, endpoint: Endpoint) -> bool:
        if endpoint.address not in self._state.outliers.proven:
            return True
        known = self._state.endpoints.get(self._pool, ())
        return any(each.address == endpoint.address and not each.ready for each in known)

    def _give_up(self, owner: Owner) -> None:
        if self._reset and self.endpoint is not None:
            fault = answers.upstream_reset(self.endpoint.address, self._reset)
        elif self.count >= self._state.limits.attempts:
            fault = answers.upstream_connect(self._pool, self.count)
        else:
            fault = answers.no_endpoints(self._pool)
        owner.refuse(fault)
