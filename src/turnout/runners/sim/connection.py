"""HTTP/1.1 of a simulated server: one protocol object per connection, one exchange at a time, no task per request.

`asyncio.Protocol` on httptools rather than an ASGI app on uvicorn: on one core it answered twice as many short requests
per second (75,000 against 28,000 to 42,000 of a bare app), and the core left over belongs to what is under test.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from http import HTTPStatus
from typing import Protocol, cast

import httptools

from turnout.simulator.refusal import Refusal

BODY_LIMIT = 64 * 1024 * 1024
HEADERS_LIMIT = 64 * 1024
JSON = "application/json"
EVENTS = "text/event-stream; charset=utf-8"

_REASONS = {status.value: status.phrase for status in HTTPStatus}


class Service(Protocol):
    """What answers a connection's requests, and is told of its end."""

    def opened(self, connection: "Connection") -> None:
        """The connection is there."""

    def closed(self, connection: "Connection") -> None:
        """It is gone."""

    def request(self, exchange: "Exchange") -> None:
        """A whole request has come in; exactly one answer is due, at any time."""


class Exchange:
    """One request and the answer to it. After the client has gone `alive` is False, and what is sent goes nowhere."""

    __slots__ = (
        "_chunked",
        "_connection",
        "alive",
        "body",
        "content_type",
        "gone",
        "keep",
        "method",
        "old",
        "path",
        "request_id",
    )

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection
        self._chunked = False
        self.method = ""
        self.path = ""
        self.body = b""
        self.request_id = ""
        self.content_type = ""
        self.keep = True
        self.old = False  # HTTP/1.0: no chunks
        self.alive = True
        self.gone: Callable[[], None] | None = None
        """Called once if the client goes before the answer is complete."""

    def answer(self, status: int, body: bytes, content_type: str = JSON, *, cut: bool = False) -> None:
        """Sends a whole answer; `cut` breaks the connection in the middle of it."""
        head = self._head(status, content_type) + f"content-length: {len(body)}\r\n\r\n".encode()
        if cut:
            self._connection.write(head + body[: len(body) // 2])
            self.cut()
            return
        self._connection.write(head if self.method == "HEAD" else head + body)
        self._finish()

    def refuse(self, refusal: Refusal) -> None:
        """Sends an error."""
        self.answer(refusal.status, refusal.body())

    def begin(self) -> None:
        """Sends the head of a stream of events."""
        self._chunked = not self.old
        self.keep = self.keep and self._chunked
        head = self._head(200, EVENTS)
        self._connection.write(head + (b"transfer-encoding: chunked\r\n\r\n" if self._chunked else b"\r\n"))

    def send(self, parts: list[bytes], *, end: bool) -> None:
        """Sends events, each as a chunk of its own."""
        if self._chunked:
            parts = [b"%x\r\n%b\r\n" % (len(part), part) for part in parts if part]
            if end:
                parts.append(b"0\r\n\r\n")
        self._connection.write(b"".join(parts))
        if end:
            self._finish()

    def cut(self) -> None:
        """Breaks the connection."""
        self._done()
        self._connection.abort()

    def lost(self) -> None:
        """The client has gone."""
        gone = self.gone
        if self.alive:
            self._done()
            if gone is not None:
                gone()

    def _head(self, status: int, content_type: str) -> bytes:
        close = "" if self.keep else "connection: close\r\n"
        reason = _REASONS.get(status, "Unknown")
        return f"HTTP/1.1 {status} {reason}\r\ncontent-type: {content_type}\r\n{close}".encode()

    def _finish(self) -> None:
        if self.alive:
            self._done()
            self._connection.answered(self.keep)

    def _done(self) -> None:
        self.alive = False
        self.gone = None


class Connection(asyncio.Protocol):
    """A client's connection. Requests that come before the answer to the last is complete wait their turn."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._reading: Exchange | None = None
        self._chunks: list[bytes] = []
        self._size = 0
        self._queue: deque[Exchange] = deque()
        self._current: Exchange | None = None
        self._handing = False
        self._deaf = False

    def write(self, data: bytes) -> None:
        """Sends bytes, if there still is someone to send them to."""
        if self._transport is not None and data:
            self._transport.write(data)

    def abort(self) -> None:
        """Breaks the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    def answered(self, keep: bool) -> None:  # noqa: FBT001 — the one thing to know
        """The current exchange is complete; the next one begins."""
        self._current = None
        if not keep:
            self._queue.clear()
            self._deaf = True
            if self._transport is not None:
                self._transport.close()
        elif not self._handing:
            self._next()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio's."""
        self._transport = cast("asyncio.Transport", transport)
        self._service.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Asyncio's."""
        self._transport = None
        self._queue.clear()
        current, self._current = self._current, None
        if current is not None:
            current.lost()
        self._service.closed(self)

    def data_received(self, data: bytes) -> None:
        """Asyncio's."""
        if self._deaf:
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._deaf = True  # its request is answered as if it had not asked for that, and is the last one
        except httptools.HttpParserError as error:
            self._refuse(Refusal(400, f"This is not HTTP/1.1: {error}"))
        if self._queue and self._transport is not None:
            self._transport.pause_reading()

    def on_message_begin(self) -> None:
        """Httptools'."""
        self._reading = Exchange(self)
        self._chunks = []
        self._size = 0

    def on_url(self, url: bytes) -> None:
        """Httptools'."""
        assert self._reading is not None
        self._reading.path += url.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Httptools'."""
        assert self._reading is not None
        self._size += len(name) + len(value)
        if self._size > HEADERS_LIMIT:
            self._refuse(Refusal(431, "The headers are too large."))
        elif len(name) == 12 and name.lower() == b"x-request-id":
            self._reading.request_id = value.decode("latin-1")
        elif len(name) == 12 and name.lower() == b"content-type":
            self._reading.content_type = value.decode("latin-1")
        elif len(name) == 6 and name.lower() == b"expect" and value.lower() == b"100-continue":
            self.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_headers_complete(self) -> None:
        """Httptools'."""
        reading = self._reading
        assert reading is not None
        self._size = 0
        reading.method = self._parser.get_method().decode("latin-1")
        reading.path = reading.path.partition("?")[0]
        reading.old = self._parser.get_http_version() == "1.0"

    def on_body(self, body: bytes) -> None:
        """Httptools'."""
        self._size += len(body)
        if self._size > BODY_LIMIT:
            self._refuse(Refusal(413, f"The body is over {BODY_LIMIT} bytes."))
        else:
            self._chunks.append(body)

    def on_message_complete(self) -> None:
        """Httptools'."""
        reading, self._reading = self._reading, None
        if reading is None or self._deaf:
            return
        reading.body = b"".join(self._chunks)
        reading.keep = self._parser.should_keep_alive() and not self._parser.should_upgrade()
        self._chunks = []
        self._queue.append(reading)
        self._next()

    def _next(self) -> None:
        """Hands over the request whose turn it is."""
        self._handing = True  # an answer given at once comes back here: a loop, not a recursion
        while self._queue and self._current is None:
            self._current = exchange = self._queue.popleft()
            self._service.request(exchange)
        self._handing = False
        if not self._queue and self._transport is not None and not self._transport.is_reading():
            self._transport.resume_reading()

    def _refuse(self, refusal: Refusal) -> None:
        """Answers what cannot be read, behind all that could, and closes; nothing more is read from here on."""
        if self._deaf:
            return
        self._deaf = True
        exchange = self._reading or Exchange(self)
        exchange.keep = False
        if self._current is None:
            self._current = exchange
            exchange.refuse(refusal)
        else:
            self.abort()
