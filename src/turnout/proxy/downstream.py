"""One connection of a client: serves its requests in order, one at a time."""

import asyncio
from collections import deque
from typing import cast

import httptools

from turnout.proxy.answers import Fault
from turnout.proxy.closing import reset
from turnout.proxy.exchange import Exchange
from turnout.proxy.familiar import PATIENCE, FamiliarRequest
from turnout.proxy.heads import new_request_id
from turnout.proxy.incoming import Incoming
from turnout.proxy.request import Request
from turnout.proxy.state import State
from turnout.proxy.turns import BODY, EARLY, GULP, LINE, Intake

FOREVER = float("inf")


class Downstream(Incoming):
    """`write_paused`: the client reads too slowly."""

    __slots__ = (
        "_current",
        "_early",
        "_familiar",
        "_intake",
        "_lingers",
        "_serving",
        "_strange",
        "_waiting",
        "transport",
        "write_paused",
    )

    def __init__(self, state: State, port: int) -> None:
        super().__init__(state, port)
        self.write_paused = False
        self._familiar: FamiliarRequest | None = None
        self._strange = 0
        self._current: Exchange | None = None
        self._waiting: deque[Exchange] = deque()
        self._serving = False
        self._early: bytearray | None = None
        self._lingers = 0.0

    # -- asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: the connection is open."""
        self.transport = cast("asyncio.Transport", transport)
        self._intake = Intake(self._state.loop, self.transport)
        peer = transport.get_extra_info("peername")
        self._client = str(peer[0]) if peer else ""
        self._state.sessions.add(self)
        self._unwanted = len(self._state.sessions) > self._state.limits.connections

    def data_received(self, data: bytes) -> None:
        """asyncio: bytes of requests."""
        familiar = self._familiar
        if familiar is not None and self._current is None and not (self._fed or self._deaf):
            request = familiar.request(data)
            if request is not None:
                self._strange = 0
                current = self._current = Exchange.of(self._state, self, request)
                current.advance()
                return
        if self._deaf or self._parser is None:
            self._take_early(data)
            return
        begins = self._current is None and not self._fed
        self._parse(data)
        if begins and self._strange < PATIENCE:
            self._remember(data)
        if len(data) >= GULP:
            self._intake.rest()
        self._serve()

    def eof_received(self) -> None:
        """asyncio: the client is gone; a client that only closes its half is taken to be gone too."""
        self._abandon()

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: the connection is gone."""
        self._abandon()
        self._parser = None  # it holds this object's methods: a cycle
        self._early = None
        self._state.sessions.discard(self)

    def pause_writing(self) -> None:
        """asyncio: the client does not read as fast as we write."""
        self.write_paused = True
        if self._current is not None:
            self._current.pause_answer()

    def resume_writing(self) -> None:
        """asyncio: the client has caught up."""
        self.write_paused = False
        if self._current is not None:
            self._current.resume_answer()

    # -- exchange.Client

    @property
    def holding(self) -> bool:
        """Whether we have stopped reading."""
        return self._intake.reasons & (BODY | LINE) > 0

    def hold(self, *, held: bool) -> None:
        """Stops reading, or reads on, for the sake of the present request's body."""
        self._intake.hold(BODY, held=held)

    def done(self, *, close: bool) -> None:
        """The present request is answered and read: serves the next one, or closes."""
        if self._early is not None and not self._waiting and not close:
            self._go_on()
        self._leave(self._current)
        self._since = self._state.clock()
        if close:
            self._deaf = True
            self._forget_waiting()
            self.transport.close()
        elif not self._serving and (self._waiting or self._intake.reasons & LINE):
            self._serve()

    def switch(self) -> bytes:
        """The present request was the last of this protocol: returns what came behind it."""
        early = bytes(self._early or b"")
        self._current = self._early = None
        self._intake.leave()
        self._state.sessions.discard(self)
        return early

    def linger(self) -> None:
        """Says that no more answers come and reads on for a while: closing now would reset what was just written."""
        self._lingers = self._state.clock()
        if self.transport.can_write_eof():
            self.transport.write_eof()

    def cut(self, *, framed: bool) -> None:
        """Closes without the end of the answer; with a reset if the client could take that for the end."""
        self._leave(self._current)
        self._since = self._state.clock()
        self._deaf = True
        self._forget_waiting()
        if framed:
            self.transport.close()
        else:
            reset(self.transport)

    # -- state.Session

    def sweep(self, now: float) -> None:
        """Ends what is idle, quiet, slow or not leaving."""
        limits = self._state.limits
        idle = self._state.view.idle.get(self.port, limits.idle_client) or FOREVER
        patience = limits.linger if self._unwanted else limits.slow_head if self._fed else idle
        if self._lingers and now - self._lingers > limits.linger:
            self.transport.abort()
        elif self._current is not None:
            self._current.sweep()
        elif now - self._since > patience:
            self.transport.abort()

    def busy(self) -> bool:
        """Whether a request is being served."""
        return self._current is not None

    def close_idle(self, before: float) -> bool:
        """Closes it if it has waited for a request since before then; says whether it did."""
        if self._current is not None or self._fed or self._since > before:
            return False
        self.transport.close()
        return True

    def end(self) -> None:
        """Ends what it is doing: the time for draining is over."""
        self._forget_waiting()
        if self._current is not None:
            self._current.expire()
        else:
            self.transport.close()

    # -- its own

    def _remember(self, data: bytes) -> None:
        """The next request may have the head of the one that has just come, if that is the whole of `data`."""
        current = self._current
        if current is not None and current.request.complete and not self._deaf:
            self._familiar = FamiliarRequest.of(data, current.request)
            self._strange += 1

    def _begun(self, request: Request) -> None:
        """incoming.Incoming: a head is whole."""
        exchange = Exchange.of(self._state, self, request)
        if self._current is None:
            self._current = exchange
        else:
            self._waiting.append(exchange)

    def _serve(self) -> None:
        """Moves the present request on, and the next ones for as long as answers are at hand."""
        if self._serving:
            return
        self._serving = True
        waiting = self._waiting
        while True:
            current = self._current
            if current is None:
                if not waiting:
                    break
                current = self._current = waiting.popleft()
            current.advance()
            if self._current is not None:
                break
        self._serving = False
        self._intake.hold(LINE, held=len(waiting) >= self._state.limits.pipelined)

    def _pass_by(self, rest: bytes) -> bytes:
        """The parser has stopped behind a head with an Upgrade. What follows is `rest`: returned, if it is HTTP."""
        request = self._arriving
        last = self._waiting[-1] if self._waiting else self._current
        self._parser = None
        if self._deaf:
            return b""
        if request is None and last is not None and last.request.offers:
            self._early = bytearray(rest)
            return b""
        self._parser = httptools.HttpRequestParser(self)
        if request is not None:
            self._parser.feed_data(request.stand_in())
        return rest

    def _take_early(self, data: bytes) -> None:
        """What comes before it is known which protocol it is in."""
        if len(data) >= GULP:
            self._intake.rest()
        if self._early is not None:
            self._early += data
            self._intake.hold(EARLY, held=len(self._early) > self._state.limits.held)

    def _go_on(self) -> None:
        """The server has not switched: what came behind the request is HTTP."""
        early, self._early = self._early, None
        self._parser = httptools.HttpRequestParser(self)
        self._intake.hold(EARLY, held=False)
        if early:
            serving, self._serving = self._serving, True
            self.data_received(bytes(early))
            self._serving = serving

    def _refuse(self, fault: Fault) -> None:
        """What comes from here on cannot be understood: a last answer in its turn, or at once for a broken body."""
        self._deaf = True
        request = self._arriving
        if request is None:
            request = Request(b"", b"", [], closes=True, http10=False)
            request.id = new_request_id()
            request.fault = fault
            self._begun(request)
        elif self._current is not None and self._current.request is request:
            self._current.reject(request.fault if isinstance(request.fault, Fault) else fault)
        else:
            request.fault = request.fault or fault
        request.closes = True
        self._arriving = None

    def _abandon(self) -> None:
        self._deaf = True
        self._forget_waiting()
        current = self._current
        if current is not None:
            self._leave(current)
            current.abandon()

    def _leave(self, exchange: Exchange | None) -> None:
        """The exchange is the present one no more, and nothing of its request is held."""
        self._current = None
        if exchange is not None and exchange.request.held:
            self._state.let_go(exchange.request)

    def _forget_waiting(self) -> None:
        for each in self._waiting:
            self._state.let_go(each.request)
        self._waiting.clear()
