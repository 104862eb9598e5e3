"""One request's life: route, split, pick, attempt, relay, record.

WAITING ── first in line ──► READING ── all of a JSON body ──► CONNECTING ──► RELAYING ──► ANSWERED ──► OVER
                                └─────── any other body: at once ──────►┘ ▲         │
                                                                          └─ retry ─┘
"""

from time import time

from turnout.endpoints import Endpoint
from turnout.proxy import answers
from turnout.proxy.answers import Fault, write_answer
from turnout.proxy.assignment import NOTHING, Assignment, assign, choose_endpoint
from turnout.proxy.client import Client
from turnout.proxy.connections import Server
from turnout.proxy.heads import CONTINUE
from turnout.proxy.limits import SWEEP
from turnout.proxy.observation import Observation
from turnout.proxy.request import Request
from turnout.proxy.state import Plan, State
from turnout.proxy.upstream import Upstream
from turnout.proxy.writing import Answer, since, write_body, write_request
from turnout.telemetry.record import Record

WAITING, READING, CONNECTING, RELAYING, ANSWERED, OVER = range(6)
"""How far an exchange is. Plain numbers: an Enum's hash is Python code."""


class Exchange:
    """Pairs a request with an answer. `advance` moves it on whenever more of the request came."""

    __slots__ = (
        "_answer",
        "_assigned",
        "_attempts",
        "_began",
        "_client",
        "_ended",
        "_endpoint",
        "_observed",
        "_phase",
        "_plan",
        "_pool",
        "_quiet",
        "_replayable",
        "_reset",
        "_server",
        "_state",
        "_tried",
        "_upstream",
        "_view",
        "head_only",
        "request",
    )

    def __init__(self, state: State, client: Client, request: Request) -> None:
        self._state = state
        self._client = client
        self._view = state.view
        self._began = state.clock()
        self.request = request
        self.head_only = request.method == b"HEAD"
        self._phase = WAITING
        self._plan: Plan | None = None
        self._pool = ""
        self._assigned: Assignment = NOTHING
        self._endpoint: Endpoint | None = None
        self._server: Server | None = None
        self._upstream: Upstream | None = None
        self._tried: tuple[str, ...] = ()
        self._attempts = 0
        self._reset = ""  # why the last attempt failed after it was connected
        self._replayable = True
        self._ended = False  # the server has the whole request
        self._answer = Answer()
        self._quiet = 0
        self._observed: Observation | None = None

    def advance(self) -> None:
        """Does what can be done with what has come of the request. Only the first in line is advanced."""
        self._quiet = 0
        phase = self._phase
        request = self.request
        if phase == WAITING:
            self._begin()
        elif phase == ANSWERED:
            request.body.clear()
            if request.complete:
                self._over()
            elif request.size > self._state.limits.body and not self._answer.close:
                self._break_off("body-too-large")
        elif request.size > self._state.limits.body:
            self._overflow()
        elif phase == READING:
            if request.complete:
                self._assign()
        elif not self._ended:
            self._pass_on()

    def abandon(self) -> None:
        """The client is gone: so is the upstream connection, at once."""
        if self._phase in {READING, CONNECTING, RELAYING}:
            self._leave()
            self._record(self._answer.code or 499, answers.CLIENT_GONE)
        self._phase = OVER

    def expire(self) -> None:
        """The time for draining is over: the answer is 503 unless it has begun."""
        if self._answer.code == 0:
            self._leave()
            self._refuse(answers.draining())
        else:
            self._break_off("draining")

    def reject(self, fault: Fault) -> None:
        """The rest of the request cannot be understood."""
        if self._phase == ANSWERED:
            self._answer.close = True
            self._over()
        elif self._answer.code:
            self._break_off(fault.reason)
        else:
            self._leave()
            self._refuse(fault)

    def sweep(self) -> None:
        """Due every SWEEP seconds; ends an exchange in which no byte came for too long."""
        self._quiet += 1
        limit = self._state.limits.quiet
        if self._quiet * SWEEP < limit or self._phase in {WAITING, OVER}:
            return
        if self._upstream is None or self._client.write_paused or not self.request.complete:
            self._break_off(answers.CLIENT_GONE)
        elif self._answer.code:
            self._break_off(answers.TIMEOUT)
        elif self._endpoint is not None:
            self._leave()
            self._refuse(answers.timed_out(self._endpoint.address, limit))

    def pause_answer(self) -> None:
        """The client reads too slowly: so do we."""
        if self._upstream is not None:
            self._upstream.pause()

    def resume_answer(self) -> None:
        """The client has caught up."""
        self._quiet = 0
        if self._upstream is not None:
            self._upstream.resume()

    def _begin(self) -> None:
        request = self.request
        self._phase = READING
        if request.fault is not None:
            self._refuse(request.fault)
            return
        plan = self._view.plan(self._client.port, request.host, request.path(), request)
        if plan is None:
            self._refuse(answers.no_route(request.host, request.path()))
            return
        self._plan = plan
        if request.expects and not request.size and not request.complete:
            self._client.transport.write(CONTINUE)
        if request.size > self._state.limits.body:
            self._overflow()
        elif request.complete or not request.buffered:
            self._assign()

    def _assign(self) -> None:
        plan = self._plan
        assert plan is not None
        assigned = self._assigned = assign(plan, self.request, self._state.dice)
        arm = assigned.arm
        if arm is not None and (plan.watched is not None or assigned.key):
            began = self._state.observer.begin
            self._observed = began(plan.watched, plan.mix, arm.backend.role, assigned.key, assigned.unit, self.request)
        if arm is None:
            self._refuse(answers.empty_split(plan.route, plan.rule))
        elif arm.backend.invalid:
            self._refuse(answers.invalid_backend(str(arm.backend.ref), arm.backend.invalid))
        else:
            self._pool = arm.key
            self._attempt()

    def _attempt(self) -> None:
        state = self._state
        if self._attempts >= state.limits.attempts:
            self._give_up()
            return
        now = state.clock()
        endpoint = choose_endpoint(state, self._pool, self._tried, now)
        if endpoint is None:
            self._give_up()
            return
        self._attempts += 1
        self._endpoint = endpoint
        state.column.add(endpoint.slot, 1)
        server = self._server = state.connections.server(endpoint.address)
        upstream = server.take(now)
        if upstream is None:
            self._phase = CONNECTING
            state.connections.connect(server, self)
        else:
            self._send(upstream)

    def _give_up(self) -> None:
        if self._reset and self._endpoint is not None:
            self._refuse(answers.upstream_reset(self._endpoint.address, self._reset))
        elif self._attempts >= self._state.limits.attempts:
            self._refuse(answers.upstream_connect(self._pool, self._attempts))
        else:
            self._refuse(answers.no_endpoints(self._pool))

    def connected(self, upstream: Upstream) -> bool:
        """A new connection is there."""
        if self._phase != CONNECTING:
            return False
        if self._state.failed_at and self._endpoint is not None:
            self._state.failed_at.pop(self._endpoint.address, None)
        self._send(upstream)
        return True

    def refused(self, why: str) -> None:
        """The endpoint cannot be connected to: the next best one of the same pool is due."""
        if self._phase == CONNECTING and self._endpoint is not None:
            self._state.failed_at[self._endpoint.address] = self._state.clock()
            self._reset = ""
            self._next_best(self._endpoint)

    def _next_best(self, endpoint: Endpoint) -> None:
        self._leave()
        self._tried = (*self._tried, endpoint.address)
        self._attempt()

    def _send(self, upstream: Upstream) -> None:
        self._phase = RELAYING
        self._upstream = upstream
        upstream.assign(self)
        if self._client.write_paused:
            upstream.pause()
        request = self.request
        assert self._server is not None
        self._ended = request.buffered or request.complete
        write_request(upstream.transport, request, self._server.host_value, whole=self._ended)
        if not self._ended:
            self._pass_on()

    def _pass_on(self) -> None:
        """What came of a streamed body goes on to the server, or waits for the connection."""
        upstream, request = self._upstream, self.request
        if upstream is None:
            self._client.hold(held=not request.complete and request.size > self._state.limits.held)
            return
        self._replayable = self._replayable and not request.body
        self._ended = request.complete
        write_body(upstream.transport, request)
        self._client.hold(held=upstream.write_paused and not self._ended)

    def drained(self, upstream: Upstream) -> None:
        """The server takes more of the request again."""
        if not self._ended:
            self._client.hold(held=False)

    def lost(self, upstream: Upstream, why: str) -> None:
        """The connection ended before the answer did."""
        self._upstream = None
        self._ended = False
        endpoint, server = self._endpoint, self._server
        assert endpoint is not None
        assert server is not None
        if self._answer.code:
            self._break_off(answers.UPSTREAM_RESET)
        elif upstream.began or not self._replayable:
            self._leave()
            self._refuse(answers.upstream_reset(endpoint.address, why))
        elif upstream.uses > 1:
            # The server closed it while it was idle, and its word crossed ours: that says nothing of the endpoint.
            self._phase = CONNECTING
            self._state.connections.connect(server, self)
        else:
            self._reset = why
            self._next_best(endpoint)

    def relay(self, upstream: Upstream) -> None:
        """What came of the answer goes on to the client."""
        self._quiet = 0
        answer, observed = self._answer, self._observed
        out: list[bytes] = []
        state = self._state
        if not answer.code:
            out = answer.head(upstream, self.request, self._origin(), draining=state.draining)
            state.streams += answer.stream
            if observed is not None:
                observed.answered(upstream)
            if self._ended:
                self.request.body.clear()
        if observed is not None and upstream.parts:
            observed.read(upstream.parts)
        answer.relay(self._client.transport, upstream, out, state.clock)
        if upstream.finished:
            self._finish(upstream)

    def _origin(self) -> bytes:
        """The header lines that say which pool was chosen, and which endpoint answered."""
        arm = self._assigned.arm
        if arm is None or arm.backend.invalid:
            return b""
        return arm.line if self._server is None else arm.line + self._server.line

    def _finish(self, upstream: Upstream) -> None:
        """The answer is whole."""
        server, endpoint = self._server, self._endpoint
        assert server is not None
        assert endpoint is not None
        self._upstream = None
        if not self._ended:
            upstream.reusable = False  # the rest of the request would be taken for the next one
            self._client.hold(held=False)
        self._state.column.add(endpoint.slot, -1)
        server.release(upstream, self._state.clock())
        self._record(self._answer.code, "")
        self._phase = ANSWERED
        self.request.body.clear()
        if self.request.complete:
            self._over()
        elif self._answer.close:
            self._client.linger()

    def _refuse(self, fault: Fault) -> None:
        """Answers in the server's place. A request that was not read to its end is the connection's last."""
        request = self.request
        self._answer.code = fault.code
        self._answer.close = request.closes or self._state.draining or not request.complete
        origin, client = self._origin(), self._client
        self._record(fault.code, fault.reason)
        self._phase = ANSWERED
        request.body.clear()
        client.transport.write(
            write_answer(
                fault, request.id, origin, close=self._answer.close, http10=request.http10, head_only=self.head_only
            )
        )
        if request.complete:
            self._over()
        else:
            client.hold(held=False)
            client.linger()

    def _overflow(self) -> None:
        """More body came than may."""
        self._leave()
        if self._answer.code == 0:
            self._refuse(answers.body_too_large(self._state.limits.body))
        else:
            self._break_off("body-too-large")

    def _break_off(self, reason: str) -> None:
        """The answer cannot be brought to its end, and the client must see that."""
        self._leave()
        if self._phase != ANSWERED:
            self._record(self._answer.code or 499, reason)
        self._phase = OVER
        self._client.cut(framed=not self._answer.until_close)

    def _leave(self) -> None:
        """The attempt is over."""
        upstream, endpoint = self._upstream, self._endpoint
        if upstream is not None:
            self._upstream = None
            upstream.abort()
        if endpoint is not None and self._phase in {CONNECTING, RELAYING}:
            self._state.column.add(endpoint.slot, -1)
            self._phase = READING

    def _over(self) -> None:
        self._phase = OVER
        self._client.done(close=self._answer.close)

    def _record(self, code: int, reason: str) -> None:
        state, plan, assigned, endpoint = self._state, self._plan, self._assigned, self._endpoint
        observed = self._observed
        if observed is not None:
            self._observed = None
            state.observer.end(observed, code, reason, self._attempts)
        arm = assigned.arm
        stream = self._answer.stream
        state.streams -= stream
        began = self._began
        duration = state.clock() - began
        state.sink(
            Record(
                time() - duration,
                plan.route if plan is not None else "",
                plan.rule if plan is not None else "",
                arm.key if arm is not None else "",
                endpoint.address if endpoint is not None else "",
                self._view.version,
                arm.backend.weight if arm is not None else 0,
                assigned.weight_total,
                assigned.unit,
                code,
                reason,
                stream,
                since(began, self._answer.first_byte),
                since(began, self._answer.first_body),
                duration,
                self._attempts,
            )
        )
