"""One request's life: route, split, attempts, relay, record.

WAITING ── first in line ──► READING ── Request.ready ──► SERVING ── answered ──► ANSWERED ── read ──► OVER
"""

from msgspec import Struct

from turnout.endpoints.management import is_management
from turnout.proxy import answers, copies
from turnout.proxy.alarms import Alarm
from turnout.proxy.answers import Fault, Notice, write_answer, write_notice
from turnout.proxy.assignment import NOTHING, Assignment, assign
from turnout.proxy.attempts import Attempts
from turnout.proxy.client import Client
from turnout.proxy.filters import revised
from turnout.proxy.heads import CONTINUE
from turnout.proxy.limits import SWEEP
from turnout.proxy.mirror import Draft
from turnout.proxy.observation import Observation
from turnout.proxy.recording import place_of, record_of
from turnout.proxy.request import Request
from turnout.proxy.state import State
from turnout.proxy.tunnel import Tunnel
from turnout.proxy.upstream import SWITCHING, Upstream
from turnout.proxy.view import Arm, Plan, View
from turnout.proxy.writing import Answer

WAITING, READING, SERVING, ANSWERED, OVER = range(5)
"""How far an exchange is. Plain numbers: an Enum's hash is Python code."""


class Exchange(Struct, eq=False, gc=False):
    """Pairs a request with an answer. `advance` moves it on whenever more of the request came."""

    request: Request
    _state: State
    _client: Client
    _view: View
    _began: float
    _limit: int
    _attempts: Attempts
    _answer: Answer
    head_only: bool
    _phase: int = WAITING
    _plan: Plan | None = None
    _assigned: Assignment = NOTHING
    _quiet: int = 0
    _alarm: Alarm | None = None
    _observed: Observation | None = None
    _draft: Draft | None = None

    @classmethod
    def of(cls, state: State, client: Client, request: Request) -> "Exchange":
        """A request that has just come: it keeps the table that is in force."""
        return cls(
            request,
            state,
            client,
            state.view,
            state.clock(),
            state.limits.body,
            Attempts(state, client),
            Answer(),
            request.method == b"HEAD",
        )

    def advance(self) -> None:
        """Does what can be done with what has come of the request. Only the first in line is advanced."""
        self._quiet = 0
        phase = self._phase
        request = self.request
        if phase == WAITING:
            self._begin()
        elif phase == ANSWERED:
            self._release()
            if request.complete:
                self._over()
            elif request.size > self._limit and not self._answer.close:
                self._break_off("body-too-large")
        elif request.size > self._limit:
            self._stop(answers.body_too_large(self._limit))
        elif phase == READING:
            if request.ready():
                self._assign()
        elif not self._attempts.sent:
            self._pass_on()

    def abandon(self) -> None:
        """The client is gone: so is the upstream connection, at once."""
        if self._phase in {READING, SERVING}:
            self._attempts.leave()
            self._record(self._answer.code or 499, answers.CLIENT_GONE)
        self._phase = OVER

    def expire(self) -> None:
        """The time for draining is over: the answer is 503 unless it has begun."""
        self._stop(answers.draining())

    def reject(self, fault: Fault) -> None:
        """The rest of the request cannot be understood."""
        if self._phase == ANSWERED:
            self._answer.close = True
            self._over()
        else:
            self._stop(fault)

    def sweep(self) -> None:
        """Due every SWEEP seconds; ends an exchange in which no byte came for too long."""
        self._quiet += 1
        attempts, plan, limit = self._attempts, self._plan, self._state.limits.quiet
        waits = attempts.upstream is not None and self.request.complete and not self._client.write_paused
        if waits and plan is not None:  # for the server
            limit = plan.patience(limit, answered=self._answer.code > 0)
        slow = not self.request.complete and not self._client.holding
        if slow:  # for the client
            limit = min(limit, self._state.limits.slow_body)
        if self._quiet * SWEEP < limit or self._phase in {WAITING, OVER}:
            return
        if waits and attempts.endpoint is not None:
            attempts.failed()
            self._stop(answers.timed_out(attempts.endpoint.address, limit))
        elif slow:
            self._stop(answers.body_too_slow(limit))
        else:
            self._break_off(answers.CLIENT_GONE)

    def overdue(self, seconds: float) -> None:
        """alarms.Sleeper: a time that the route allows is over."""
        if self._answer.code:
            self._break_off(answers.TIMEOUT)
        else:
            self._attempts.failed()
            self.refuse(answers.overdue(seconds))

    def pause_answer(self) -> None:
        """The client reads too slowly: so do we."""
        if self._attempts.upstream is not None:
            self._attempts.upstream.pause()

    def resume_answer(self) -> None:
        """The client has caught up."""
        self._quiet = 0
        if self._attempts.upstream is not None:
            self._attempts.upstream.resume()

    def _begin(self) -> None:
        request = self.request
        self._phase = READING
        if request.fault is not None:
            self._answer_here(request.fault)
            return
        plan = self._view.plan(self._client.port, request.host, request.path(), request)
        if plan is None:
            self.refuse(answers.no_route(request.host, request.path()))
            return
        self._plan = plan
        if not plan.plain:
            notice = self._prepare(plan)
            if notice is not None:
                self._answer_here(notice)
                return
        if request.size > self._limit or (request.length is not None and request.length > self._limit):
            self._stop(answers.body_too_large(self._limit))
            return
        if request.expects and not request.size and not request.complete:
            self._client.transport.write(CONTINUE)
        if request.ready():
            self._assign()

    def _prepare(self, plan: Plan) -> Fault | Notice | None:
        """Does what the rule asks for beyond its split; returns the answer if that is one."""
        answer = plan.prepare(self.request)
        if answer is not None:
            return answer
        if plan.body is not None:
            self._limit = plan.body
        if plan.request_seconds:
            self._alarm = self._state.alarms.set(plan.request_seconds, self)
        return None

    def _assign(self) -> None:
        plan = self._plan
        assert plan is not None
        assigned = self._assigned = assign(plan, self.request, self._state.dice)
        arm = assigned.arm
        if arm is not None and (arm.revision is not None or plan.late) and not self._revise(plan, arm):
            return
        if arm is not None and (plan.watched is not None or assigned.key):
            began = self._state.observer.begin
            self._observed = began(plan.watched, plan.mix, arm.backend.role, assigned.key, assigned.unit, self.request)
        if arm is None:
            self.refuse(answers.empty_split(plan.route, plan.rule))
        elif arm.backend.invalid:
            self.refuse(answers.invalid_backend(str(arm.backend.ref), arm.backend.invalid))
        else:
            self._phase = SERVING
            if arm.mirrors:
                self._draft = self._state.mirrors.draft(arm.mirrors, self.request, self._state.dice)
            self._attempts.begin(self, arm.key, plan.attempt_seconds)
            if arm.mirrors:
                self._copy()

    def _pass_on(self) -> None:
        """More of a streamed body came."""
        if self._draft is not None:
            self._draft.take()
        self._attempts.pass_on(self.request)
        self._copy()

    def _copy(self) -> None:
        """The request goes to its mirrors too, once it has left."""
        if self._draft is not None and self._attempts.sent:
            copies.send(self._state, self._draft)
            self._draft = None

    def _revise(self, plan: Plan, arm: Arm) -> bool:
        """Does what the backend's own filters ask for; False when that is refused."""
        request = self.request
        if arm.revision is not None:
            arm.revision.apply(request)
        if plan.late and plan.guarded and is_management(request.path()):
            self.refuse(answers.forbidden_path(request.path()))
            return False
        return True

    def connected(self, upstream: Upstream) -> bool:
        """connections.Waiter: a new connection is there; False when it is no longer wanted."""
        wanted = self._attempts.connected(self, upstream)
        self._copy()
        return wanted

    def refused(self, why: str) -> None:
        """connections.Waiter: the endpoint cannot be connected to."""
        self._attempts.refused(self, why)
        self._copy()

    def drained(self, upstream: Upstream) -> None:
        """upstream.Receiver: the server takes more of the request again."""
        self._attempts.drained()

    def lost(self, upstream: Upstream, why: str) -> None:
        """upstream.Receiver: the connection ended before the answer did."""
        if self._answer.code:
            self._attempts.failed()
            self._break_off(answers.UPSTREAM_RESET)
        else:
            self._attempts.lost(self, upstream, why)
            self._copy()

    def relay(self, upstream: Upstream) -> None:
        """upstream.Receiver: what came of the answer goes on to the client."""
        self._quiet = 0
        answer, observed = self._answer, self._observed
        if upstream.wire and observed is None and self._passes_whole(upstream):
            return
        out: list[bytes] = []
        state = self._state
        if not answer.code:
            if upstream.status >= 500 and self._attempts.passes_over(self, upstream):
                return
            arm = self._assigned.arm
            if arm is not None and arm.responses:
                upstream.head = revised(upstream.head, arm.responses)
                upstream.wire = b""
            out = answer.head(upstream, self.request, self._origin(), draining=state.draining)
            state.streams += answer.stream
            if observed is not None:
                observed.answered(upstream)
            if self._attempts.sent:
                self._release()
            if upstream.status == SWITCHING:
                self._switch(upstream, out)
                return
        if observed is not None and upstream.parts:
            observed.read(upstream.parts)
        answer.relay(self._client.transport, upstream, out, state.clock)
        if upstream.finished:
            self._finish(upstream, state.clock())

    def _passes_whole(self, upstream: Upstream) -> bool:
        """An answer that came whole goes on in one step, unless something is to be done with it."""
        arm, request, state = self._assigned.arm, self.request, self._state
        if upstream.status >= 500 or arm is None or arm.responses or request.http10 or not self._attempts.sent:
            return False
        now = state.clock()
        last = request.closes or state.draining
        self._answer.pass_on(self._client.transport, upstream, request, self._origin(), now, last=last)
        self._finish(upstream, now)
        return True

    def _origin(self) -> bytes:
        """The header lines that say which pool was chosen, and which endpoint answered."""
        arm = self._assigned.arm
        if arm is None or arm.backend.invalid or not arm.line:
            return b""
        server = self._attempts.server
        return arm.line if server is None else arm.line + server.line

    def _switch(self, upstream: Upstream, head: list[bytes]) -> None:
        """The server speaks another protocol from here on: the route's times are for answers, and it has answered."""
        state, client = self._state, self._client
        self._hush()
        self._attempts.switched()
        self._answer.first_byte = state.clock()
        early = client.switch()
        client.transport.write(b"".join(head))
        Tunnel(state.sessions, client, upstream, state.limits.quiet, self._closed).open(early, b"".join(upstream.parts))

    def _closed(self, reason: str) -> None:
        """The tunnel is over."""
        self._attempts.leave()
        self._record(self._answer.code, reason)
        self._phase = OVER

    def _finish(self, upstream: Upstream, now: float) -> None:
        """The answer is whole."""
        self._attempts.finish(upstream, now)
        self._record(self._answer.code, "", now)
        self._phase = ANSWERED
        self._release()
        if self.request.complete:
            self._over()
        elif self._answer.close:
            self._client.linger()

    def refuse(self, fault: Fault) -> None:
        """attempts.Owner: answers in the server's place."""
        self._answer_here(fault)

    def _answer_here(self, own: Fault | Notice) -> None:
        """Answers in the server's place. A request that was not read to its end is the connection's last."""
        self._attempts.leave()
        request = self.request
        self._answer.code = own.code
        self._answer.close = close = request.closes or self._state.draining or not request.complete
        origin, client = self._origin(), self._client
        self._record(own.code, own.reason)
        self._phase = ANSWERED
        self._release()
        if isinstance(own, Notice):
            answer = write_notice(own, request.id, close=close, http10=request.http10)
        else:
            answer = write_answer(own, request.id, origin, close=close, http10=request.http10, head_only=self.head_only)
        client.transport.write(answer)
        if request.complete:
            self._over()
        else:
            client.hold(held=False)
            client.linger()

    def _stop(self, fault: Fault) -> None:
        """The request ends by us: with an answer, unless one has begun."""
        if self._answer.code:
            self._break_off(fault.reason)
        else:
            self.refuse(fault)

    def _break_off(self, reason: str) -> None:
        """The answer cannot be brought to its end, and the client must see that."""
        self._attempts.leave()
        if self._phase != ANSWERED:
            self._record(self._answer.code or 499, reason)
        self._phase = OVER
        self._client.cut(framed=not self._answer.until_close)

    def _release(self) -> None:
        """The body is needed no more."""
        self.request.release()
        if self.request.held:
            self._state.let_go(self.request)

    def _over(self) -> None:
        self._phase = OVER
        self._client.done(close=self._answer.close)

    def _hush(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _record(self, code: int, reason: str, now: float = 0.0) -> None:
        state, plan, assigned, attempts = self._state, self._plan, self._assigned, self._attempts
        observed = self._observed
        if self._alarm is not None:
            self._hush()
        if self._draft is not None:
            self._draft.discard()
            self._draft = None
        if observed is not None:
            self._observed = None
            state.observer.end(observed, code, reason, attempts.count)
        answer, began = self._answer, self._began
        state.streams -= answer.stream
        duration = (now or state.clock()) - began
        arm = assigned.arm
        place = arm.place if arm is not None else place_of(plan, self._view, self._client.port)
        request, unit = self.request, assigned.unit
        state.sink(record_of(request, place, unit, attempts, answer, observed, began, duration, code, reason))
