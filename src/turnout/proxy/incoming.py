"""The bytes of one client's connection to requests: what is read of them, checked, and bounded."""

import asyncio

import httptools

from turnout.proxy import answers
from turnout.proxy.answers import Fault
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
    request_kind,
)
from turnout.proxy.request import Request
from turnout.proxy.state import State

_LISTS = frozenset({CONNECTION, CODING, UPGRADE, REQUEST_ID})
NOT_SERVED = frozenset({b"CONNECT", b"TRACE"})
BLANKS = 4096
"""Bytes that a head may come with beyond its limit, which counts neither its first line nor blanks around values."""


class Incoming(asyncio.Protocol):
    """`port` is the served port. Parsing only collects: what it found is acted upon after each read.

    So nothing runs inside the parser. `_arriving` is the request that is not whole yet, `_fed` counts what came since
    the last request ended or a part of its body did; `_deaf`: nothing more is read as HTTP.
    """

    __slots__ = (
        "_arriving",
        "_bodies",
        "_client",
        "_deaf",
        "_fed",
        "_lines",
        "_noted",
        "_parser",
        "_since",
        "_size",
        "_state",
        "_twice",
        "_unwanted",
        "_urls",
        "on_body",
        "on_url",
        "port",
    )

    def __init__(self, state: State, port: int) -> None:
        self._state = state
        self.port = port
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
        self._arriving: Request | None = None
        self._client = ""
        self._deaf = False
        self._unwanted = False
        self._since = state.clock()

    def _begun(self, request: Request) -> None:
        """A head is whole."""
        raise NotImplementedError

    def _pass_by(self, rest: bytes) -> bytes:
        """The parser has stopped behind a head with an Upgrade. What follows is `rest`: returned, if it is HTTP."""
        raise NotImplementedError

    def _refuse(self, fault: Fault) -> None:
        """What comes from here on cannot be understood."""
        raise NotImplementedError

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
        self._begun(request)

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

    def _noted_twice(self, kind: int, value: bytes) -> bytes:
        if kind == HOST:
            self._twice = True
        return self._noted[kind] + b"," + value if kind in _LISTS else value

    def _malformed(self, why: str) -> None:
        assert self._parser is not None
        if self._parser.get_method() == b"PRI":
            self._refuse(answers.version_not_supported("2"))
        else:
            self._refuse(answers.bad_request(f"malformed request: {why}"))
