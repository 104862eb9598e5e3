"""One connection to a model server: writes requests, parses answers as far as framing needs, knows no client."""

import asyncio
from typing import Protocol, cast

import httptools

from turnout.proxy.familiar import PATIENCE, FamiliarAnswer
from turnout.proxy.heads import (
    CODING,
    COLON,
    CONNECTION,
    CONTENT_TYPE,
    CRLF,
    DROP,
    LENGTH,
    RESPONSE_KINDS,
    UPGRADE,
    named_hops,
    offered,
    response_kind,
    switching,
    without,
)
from turnout.proxy.turns import CLIENT, GULP, Intake, Outlet

HEAD_LIMIT = 1024 * 1024
"""Bytes that an answer's head may take."""
SWITCHING = 101


class Receiver(Protocol):
    """Whom an answer is for."""

    head_only: bool

    def relay(self, upstream: "Upstream") -> None:
        """Takes `parts` away. Called once `status` is there, after each read, and with `finished` set the last time."""

    def lost(self, upstream: "Upstream", why: str) -> None:
        """The connection ended before the answer did."""

    def drained(self, upstream: "Upstream") -> None:
        """The connection takes more of the request again."""


class Home(Protocol):
    """The pool that a connection is kept in between requests."""

    def forget(self, upstream: "Upstream") -> None:
        """The connection is gone."""


class Upstream(asyncio.Protocol):
    """Serves one request at a time.

    Of the present answer: `status` is 0 until its final head is read; `head` are its header lines that pass, `wire` the
    status line and these as they are written, empty where that is to be put together; `parts` is
    the body that came since the last `relay`; `length` its Content-Length; `bodiless` says that none follows.
    `uses` counts requests. `began`: a byte of the answer came. `reusable`: the server keeps the connection.
    With the status SWITCHING `parts` is what the server sent in the new protocol already.
    `intake` is how it is read; `waiting`: some of a request is not written yet.
    """

    __slots__ = (
        "_familiar",
        "_fault",
        "_fed",
        "_home",
        "_lines",
        "_loop",
        "_noted",
        "_offers",
        "_outlet",
        "_parsed",
        "_parser",
        "_renew",
        "_strange",
        "_until_close",
        "_whole",
        "began",
        "bodiless",
        "content_type",
        "finished",
        "head",
        "idle_since",
        "intake",
        "length",
        "on_body",
        "parts",
        "receiver",
        "reusable",
        "status",
        "transport",
        "uses",
        "wire",
        "write_paused",
    )

    def __init__(self, home: Home, loop: asyncio.AbstractEventLoop) -> None:
        self._home = home
        self._loop = loop
        self.receiver: Receiver | None = None
        self.uses = 0
        self.idle_since = 0.0
        self.write_paused = False
        self._outlet: Outlet | None = None  # most requests are short
        self.parts: list[bytes] = []
        self.on_body = self.parts.append  # the parser calls the list itself: no Python frame per piece
        self._parser: httptools.HttpResponseParser | None = httptools.HttpResponseParser(self)
        self._familiar: FamiliarAnswer | None = None
        self._strange = 0
        self._reset()

    def _reset(self) -> None:
        self._parsed = False
        self.status = 0
        self.began = False
        self.finished = False
        self.reusable = False
        self.bodiless = False
        self.length: bytes | None = None
        self.content_type = b""
        self.head: list[bytes] = []
        self.wire = b""
        self._lines: list[bytes] = []
        self._noted: dict[int, bytes] = {}
        self._offers: tuple[bytes, ...] = ()
        self._until_close = False
        self._renew = False
        self._fault = ""
        self._fed = 0

    def assign(self, receiver: Receiver, offers: tuple[bytes, ...] = ()) -> None:
        """The next answer is for `receiver`, whose request offers to switch to one of these protocols."""
        self.receiver = receiver
        self.uses += 1
        if self._parsed:
            self._reset()
        else:  # a familiar answer leaves no more than this
            self.status = 0
            self.wire = b""
            self.began = self.finished = self.reusable = False
        self._offers = offers

    @property
    def waiting(self) -> bool:
        """Whether some of a request is not written yet."""
        return self._outlet is not None and self._outlet.waiting

    def send(self, parts: list[bytes], size: int) -> None:
        """Writes a long request, piece by piece. `size` is about its bytes."""
        if self._outlet is None:
            self._outlet = Outlet(self._loop, self.transport, slow=self.write_paused)
        self._outlet.send(parts, size)

    def pause(self) -> None:
        """Stops reading the answer."""
        self.intake.hold(CLIENT, held=True)

    def resume(self) -> None:
        """Reads on."""
        self.intake.hold(CLIENT, held=False)

    def abort(self) -> None:
        """Ends the connection at once; nobody is told."""
        self.receiver = None
        self.transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: the connection is open."""
        self.transport = cast("asyncio.Transport", transport)
        self.intake = Intake(self._loop, self.transport)

    def data_received(self, data: bytes) -> None:
        """asyncio: bytes of the answer."""
        receiver = self.receiver
        if receiver is None or self._parser is None:
            self.transport.abort()  # a server that speaks unasked would have its words taken for the next answer
            return
        begins = not self.began and not receiver.head_only
        self.began = True
        if begins and self._familiar is not None and self._recognise(self._familiar, data):
            receiver.relay(self)
            return
        self._parse(self._parser, data)
        if len(data) >= GULP:
            self.intake.rest()
        if self.status:
            if self.bodiless or self._fed or not self.parts:
                self._starve(len(data))
            if begins and self.finished and self.reusable and self._strange < PATIENCE:
                self._remember(data)
            receiver.relay(self)
        elif self._fed > HEAD_LIMIT:
            self._fault = f"the answer's head is over {HEAD_LIMIT} bytes"
        if self._fault and self.receiver is receiver:
            self._lose(receiver, self._fault)
            self.transport.abort()

    def eof_received(self) -> None:
        """asyncio: the server sends no more. The transport would first write its buffer to it."""
        if self.transport.get_write_buffer_size() or self.waiting:
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: the connection is gone."""
        self._parser = None  # it holds this object's methods: a cycle
        self._outlet = None
        self._home.forget(self)
        receiver = self.receiver
        if receiver is None:
            return
        if self._until_close and exc is None and not self._fault:
            self.finished = True
            receiver.relay(self)
        else:
            self._lose(receiver, "connection reset" if exc is not None else "connection closed")

    def pause_writing(self) -> None:
        """asyncio: the server does not read as fast as we write."""
        self.write_paused = True
        if self._outlet is not None:
            self._outlet.hold(held=True)

    def resume_writing(self) -> None:
        """asyncio: the server has caught up."""
        self.write_paused = False
        if self._outlet is not None:
            self._outlet.hold(held=False)
        if self.receiver is not None:
            self.receiver.drained(self)

    def _parse(self, parser: httptools.HttpResponseParser, data: bytes) -> None:
        self._parsed = True
        if not self.status:
            self._fed += len(data)
        try:
            parser.feed_data(data)
        except httptools.HttpParserCallbackError:
            raise
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as stop:
            self._stopped(stop, data)
        if self._renew:
            self._begin_anew()

    def _recognise(self, familiar: FamiliarAnswer, data: bytes) -> bool:
        """Takes in a whole answer whose head is that of the last one; False if `data` is no such."""
        body = familiar.frame.body(data)
        if body is None:
            return False
        self._strange = 0
        self.status = familiar.status
        self.head = familiar.head
        self.wire = familiar.wire
        self.content_type = familiar.content_type
        self.length = b"%d" % len(body)
        if body:
            self.parts.append(body)
        self.reusable = self.finished = True
        return True

    def _remember(self, data: bytes) -> None:
        """The next answer may have the head of this one, if it is the whole of `data`."""
        if self.length is not None and not (self.bodiless or self._renew or self._fault):
            self._familiar = FamiliarAnswer.of(data, self.status, self.head, self.content_type, int(self.length))
            self._strange += 1

    def _begin_anew(self) -> None:
        """An answer to HEAD announces a body that llhttp would wait for; what follows a whole answer is dropped."""
        self._parser = httptools.HttpResponseParser(self)
        if not self.bodiless:
            del self.parts[self._whole :]

    def _starve(self, size: int) -> None:
        """Counts reads that brought nothing of the body: trailers and chunk extensions are bounded as a head is."""
        if self.bodiless and self.parts:
            self.reusable = False
        self._fed = 0 if self.parts or self.finished else self._fed + size
        if self._fed > HEAD_LIMIT:
            self._fault = f"the answer has over {HEAD_LIMIT} bytes that are no body"

    def _lose(self, receiver: Receiver, why: str) -> None:
        self.receiver = None
        receiver.lost(self, why)

    def on_message_begin(self) -> None:
        """httptools: an answer begins. Behind a whole one, the rest of it would be read before the next one."""
        if self.status:
            self.reusable = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """httptools: one header, or one trailer, which lands in lines that are never read."""
        kind = RESPONSE_KINDS.get(name)
        if kind is None:
            kind = response_kind(name)
        if kind:
            if kind != DROP:
                old = self._noted.get(kind)
                self._noted[kind] = value if old is None else old + b"," + value
            if kind >= DROP:
                return
        self._lines += (name, COLON, value, CRLF)

    def on_headers_complete(self) -> None:
        """httptools: a head is whole."""
        assert self._parser is not None
        assert self.receiver is not None
        lines, noted = self._lines, self._noted
        self._lines, self._noted = [], {}
        status = self._parser.get_status_code()
        if self.status:
            self.reusable = False  # a second answer to one request: none of it is the first one's
            if not self._renew:
                self._renew, self._whole = True, len(self.parts)
            return
        if status < 200:
            self._interim(status, lines, noted)
            return
        length = noted.get(LENGTH)
        self.length = length if length is None or length[:1] != b"0" else b"%d" % int(length)  # no zeros in front
        self.content_type = noted.get(CONTENT_TYPE, b"")
        coding, connection = noted.get(CODING), noted.get(CONNECTION)
        if connection is not None:
            hops = named_hops(connection)
            if hops:
                lines = without(lines, hops)
        if coding is not None and coding.strip(b" ").lower() != b"chunked":  # behind a tab, llhttp reads no chunks
            self._fault = f"the server uses transfer-encoding {coding.decode('latin-1')}"
            return
        self.head = lines
        self.status = status
        self.reusable = self._parser.should_keep_alive()
        if self.receiver.head_only:
            self.bodiless = self.finished = self._renew = True
        elif status in {204, 304}:
            self.bodiless = True
        else:
            self._until_close = coding is None and self.length is None

    def _stopped(self, stop: Exception, data: bytes) -> None:
        if isinstance(stop, httptools.HttpParserUpgrade) and self.status == SWITCHING:
            self.parts.append(data[stop.args[0] :])
        else:
            self._fault = self._fault or f"malformed answer: {stop}"
            self.reusable = False

    def _interim(self, status: int, lines: list[bytes], noted: dict[int, bytes]) -> None:
        if status == SWITCHING:
            self._switch(lines, noted)
        elif status < 100:
            self._fault = f"the server answered {status}"

    def _switch(self, lines: list[bytes], noted: dict[int, bytes]) -> None:
        connection = noted.get(CONNECTION, b"")
        taken = offered(connection, noted.get(UPGRADE, b""))
        if not taken or not {token.lower() for token in taken} <= {token.lower() for token in self._offers}:
            self._fault = "the server switched protocols unasked"
            return
        self.status = SWITCHING
        self.bodiless = True
        self.head = without(lines, named_hops(connection)) + switching(taken)

    def on_message_complete(self) -> None:
        """httptools: an answer is whole, an interim one too."""
        if self.status:
            self.finished = True
