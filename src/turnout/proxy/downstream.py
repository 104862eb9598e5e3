"""One connection of a client: parses requests, serves them in order, one at a time."""

import asyncio
from collections import deque
from typing import cast

import httptools

from turnout.proxy import answers
from turnout.proxy.answers import Fault
from turnout.proxy.closing import reset
from turnout.proxy.exchange import Exchange
from turnout.proxy.familiar import PATIENCE, FamiliarRequest
from turnout.proxy.heads import (
    CODING,
    COLON,
    CONNECTION,
    CRLF,
    DROP,
    HOST,
    OLD_CONNECTION,
    REQUEST_ID,
    REQUEST_KINDS,
    UPGRADE,
    new_request_id,
    request_kind,
)
from turnout.proxy.request import Request
from turnout.proxy.state import State
from turnout.proxy.turns import BODY, EARLY, GULP, LINE, Intake

_LISTS = frozenset({CONNECTION, CODING, UPGRADE, REQUEST_ID})
NOT_SERVED = frozenset({b"CONNECT", b"TRACE"})
FOREVER = float("inf")
BLANKS = 4096
"""Bytes that a head may come with beyond its limit, which counts neither its first line nor blanks around values."""


class Downstream(asyncio.Protocol):
    """`port` is the served port, `write_paused` whether the client reads too slowly.

    Parsing only collects: what it found is acted upon after each read, so that nothing runs inside the parser.
    """

    __slots__ = (
        "_arriving",
        "_bodies",
        "_client",
        "_current",
        "_deaf",
        "_early",
        "_familiar",
        "_fed",
        "_intake",
        "_lines",
        "_lingers",
        "_noted",
        "_parser",
        "_serving",
        "_since",
        "_size",
        "_state",
        "_strange",
        "_twice",
        "_unwanted",
        "_urls",
        "_waiting",
        "on_body",
        "on_url",
        "port",
        "transport",
        "write_paused",
    )

    def __init__(self, state: State, port: int) -> None:
        self._state = state
        self.port = port
        self.write_paused = False
        self._urls: list[bytes] = []
        self._bodies: list[bytes] = []
        self.on_url = self._urls.append  # the parser calls the lists themselves: no Python frame per piece
        self.on_body = self._bodies.append
        self._parser: httptools.HttpRequestParser | None = httptools.HttpRequestParser(self)
        self._lines: list[bytes] = []
        self._noted: dict[int, bytes] = {}
        self._twice = False
        self._fed = 0
        self._size = 0
        self._familiar: FamiliarRequest | None = None
        self._strange = 0
        self._arriving: Request | None = None
        self._client = ""
        self._current: Exchange | None = None
        self._waiting: deque[Exchange] = deque()
        self._serving = False
        self._deaf = False
        self._early: bytearray | None = None
        self._lingers = 0.0
        self._unwanted = False
        self._since = state.clock()

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

    # -- httptools

    def on_header(self, name: bytes, value: bytes) -> None:
        """httptools: one header, or one trailer, which is dropped."""
        if self._arriving is not None:
            return
        self._size += len(name) + len(value) + 4
        kind = REQUEST_KINDS.get(name)
        if kind is None:
            kind = request_kind(name)
        if kind:
            if kind != DROP:
                noted = self._noted
                if kind in noted:
                    value = self._noted_twice(kind, value)
                noted[kind] = value.rstrip(b" \t")
            if kind >= DROP:
                return
        self._lines += (name, COLON, value, CRLF)

    def on_headers_complete(self) -> None:
        """httptools: a head is whole."""
        parser, noted, limits, urls = self._parser, self._noted, self._state.limits, self._urls
        assert parser is not None
        if self._arriving is not None:
            urls.clear()  # of its stand-in
            return
        keeps = parser.should_keep_alive()
        # Only HTTP/1.1 keeps a connection without being asked to.
        unasked = keeps and CONNECTION not in noted and OLD_CONNECTION not in noted
        version = "1.1" if unasked else parser.get_http_version()
        url = urls[0] if len(urls) == 1 else b"".join(urls)
        urls.clear()
        request = Request(parser.get_method(), url, self._lines, closes=not keeps, http10=version == "1.0")
        request.client = self._client
        request.read_head(noted)
        if version not in {"1.1", "1.0"}:
            request.fault = answers.version_not_supported(version)
        elif self._size + len(url) > limits.head:
            request.fault = answers.headers_too_large(limits.head)
        elif len(request.lines) > limits.fields * 4:
            request.fault = answers.too_many_headers(limits.fields)
        elif self._twice:
            request.fault = answers.bad_request("the request has more than one Host header")
        elif self._unwanted:
            request.fault = answers.too_many_connections(limits.connections)
        elif request.method in NOT_SERVED:
            request.fault = answers.bad_request(f"{request.method.decode()} is not served")
        if request.fault is not None:
            request.closes = True  # who breaks the rules may not mean by the next bytes what we read in them
        self._twice = False
        self._size = 0
        self._lines = []
        self._noted = {}
        self._fed = 0
        self._arriving = request
        self._append(Exchange.of(self._state, self, request))

    def on_message_complete(self) -> None:
        """httptools: the request is whole."""
        request, parser = self._arriving, self._parser
        assert request is not None and parser is not None  # noqa: PT018 - one claim
        if (request.length or request.chunked) and parser.should_upgrade():
            return  # llhttp takes what follows for the new protocol, but it is the body
        if self._bodies:
            self._take_body(request)
        request.complete = True
        self._arriving = None
        self._fed = 0
        if request.closes:
            self._deaf = True

    def _hold_body(self, request: Request) -> None:
        """A part of a body came, and not its end: what of it waits here counts until it is sent on."""
        state, before = self._state, request.size
        self._take_body(request)
        request.held += request.size - before
        state.held += request.size - before
        if state.held > state.limits.bodies:
            self._refuse(answers.too_many_bodies(state.limits.bodies))

    def _take_body(self, request: Request) -> None:
        bodies = self._bodies
        request.body += bodies
        request.size += len(bodies[0]) if len(bodies) == 1 else sum(map(len, bodies))
        bodies.clear()

    def _parse(self, data: bytes) -> None:
        self._fed += len(data)
        while self._parser is not None:
            try:
                self._parser.feed_data(data)
            except httptools.HttpParserCallbackError:
                raise
            except httptools.HttpParserUpgrade as pause:
                data = self._pass_by(data[pause.args[0] :])
                continue
            except httptools.HttpParserError as error:
                self._malformed(str(error))
            else:
                self._parsed(len(data))
            break

    def _parsed(self, size: int) -> None:
        if self._arriving is not None and self._bodies:
            self._fed = 0
            self._hold_body(self._arriving)
        elif self._fed > self._state.limits.head + (0 if self._arriving is not None else BLANKS):
            self._refuse(answers.headers_too_large(self._state.limits.head))
        elif self._fed == size:
            self._since = self._state.clock()  # a head's first bytes: from here on it is slow, not idle

    def _remember(self, data: bytes) -> None:
        """The next request may have the head of the one that has just come, if that is the whole of `data`."""
        current = self._current
        if current is not None and current.request.complete and not self._deaf:
            self._familiar = FamiliarRequest.of(data, current.request)
            self._strange += 1

    def _noted_twice(self, kind: int, value: bytes) -> bytes:
        if kind == HOST:
            self._twice = True
        return self._noted[kind] + b"," + value if kind in _LISTS else value

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

    def _append(self, exchange: Exchange) -> None:
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

    def _malformed(self, why: str) -> None:
        assert self._parser is not None
        if self._parser.get_method() == b"PRI":
            self._refuse(answers.version_not_supported("2"))
        else:
            self._refuse(answers.bad_request(f"malformed request: {why}"))

    def _refuse(self, fault: Fault) -> None:
        """What comes from here on cannot be understood: a last answer in its turn, or at once for a broken body."""
        self._deaf = True
        request = self._arriving
        if request is None:
            request = Request(b"", b"", [], closes=True, http10=False)
            request.id = new_request_id()
            request.fault = fault
            self._append(Exchange.of(self._state, self, request))
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
