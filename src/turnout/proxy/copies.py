"""Copies of requests on their way to mirrors, on the connections that the gateway keeps to these."""

from turnout.endpoints import Endpoint
from turnout.proxy.assignment import choose_endpoint
from turnout.proxy.connections import Server
from turnout.proxy.limits import SWEEP
from turnout.proxy.mirror import Draft, Fortune
from turnout.proxy.request import Request
from turnout.proxy.state import State
from turnout.proxy.upstream import Upstream
from turnout.proxy.writing import write_request


def send(state: State, draft: Draft) -> None:
    """Sends a request that has left to its mirrors, once everything else that is due now is done."""
    state.loop.call_soon(_depart, state, draft, state.clock())


def _depart(state: State, draft: Draft, since: float) -> None:
    mirrors = state.mirrors
    if state.draining or state.clock() - since > mirrors.bounds.lag:
        draft.drop()
        return
    request = draft.twin()
    for pool in draft.pools:
        if len(mirrors.under_way) >= mirrors.bounds.copies:
            mirrors.counts["dropped"] += 1
            draft.release()
        else:
            Copy(state, draft, request).begin(pool)


class Copy:
    """One copy, at one endpoint: a connections.Waiter and an upstream.Receiver whom no answer interests."""

    __slots__ = ("_draft", "_endpoint", "_quiet", "_read", "_request", "_server", "_state", "_upstream", "head_only")

    def __init__(self, state: State, draft: Draft, request: Request) -> None:
        self._state = state
        self._draft: Draft | None = draft
        self._request = request
        self._endpoint: Endpoint | None = None
        self._server: Server | None = None
        self._upstream: Upstream | None = None
        self._read = 0
        self._quiet = 0
        self.head_only = request.method == b"HEAD"

    def begin(self, pool: str) -> None:
        """Goes to the best endpoint of `pool`; there is no second attempt."""
        state = self._state
        now = state.clock()
        endpoint = choose_endpoint(state, pool, (), now, self._request)
        if endpoint is None:
            self._free()
            state.mirrors.counts["failed"] += 1
            return
        state.mirrors.under_way.add(self)
        state.column.add(endpoint.slot, 1)
        self._endpoint = endpoint
        server = self._server = state.server(pool, endpoint)
        if server is None:
            self._end("failed")
            return
        upstream = server.take(now)
        if upstream is None:
            state.connections.connect(server, self)
        else:
            self._send(upstream, server)

    def connected(self, upstream: Upstream) -> bool:
        """connections.Waiter: the connection is there."""
        if self._endpoint is None or self._server is None:
            return False
        self._send(upstream, self._server)
        return True

    def refused(self, why: str) -> None:
        """connections.Waiter: the endpoint cannot be connected to."""
        self._end("failed")

    def drained(self, upstream: Upstream) -> None:
        """upstream.Receiver: all of it was written at once."""

    def lost(self, upstream: Upstream, why: str) -> None:
        """upstream.Receiver: no whole answer comes."""
        self._upstream = None
        self._end("failed")

    def relay(self, upstream: Upstream) -> None:
        """upstream.Receiver: what came of the answer is thrown away."""
        self._quiet = 0
        self._free()
        self._read += sum(map(len, upstream.parts))
        upstream.parts.clear()
        if upstream.finished and self._server is not None:
            self._upstream = None
            self._server.release(upstream, self._state.clock())
            self._end("sent")
        elif self._read > self._state.mirrors.bounds.answer:
            self._end("failed")

    def sweep(self) -> None:
        """mirror.UnderWay: ends it when no byte came for too long."""
        self._quiet += 1
        if self._quiet * SWEEP >= self._state.limits.quiet:
            self._end("failed")

    def abort(self) -> None:
        """mirror.UnderWay: gives it up."""
        self._end("failed")

    def _send(self, upstream: Upstream, server: Server) -> None:
        self._upstream = upstream
        upstream.assign(self)
        write_request(upstream, self._request, server.host_value, server.bearer, whole=True)

    def _free(self) -> None:
        if self._draft is not None:
            self._draft.release()
            self._draft = None

    def _end(self, fortune: Fortune) -> None:
        endpoint, upstream = self._endpoint, self._upstream
        if endpoint is None:
            return
        self._endpoint = self._upstream = None
        if upstream is not None:
            upstream.abort()
        state = self._state
        state.column.add(endpoint.slot, -1)
        state.mirrors.under_way.discard(self)
        state.mirrors.counts[fortune] += 1
        self._free()
