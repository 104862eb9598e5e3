"""What is written to a server and to a client: heads serialised anew, bodies in the framing that each side has."""

import asyncio
from collections.abc import Callable

from msgspec import Struct

from turnout.inference import StreamReader, dialect_of
from turnout.proxy.heads import (
    CHUNKED,
    CLOSE,
    CRLF,
    KEEP_ALIVE,
    LAST_CHUNK,
    STATUS_LINES,
    is_event_stream,
    without,
)
from turnout.proxy.request import Request
from turnout.proxy.turns import JOIN, PIECE, write
from turnout.proxy.upstream import SWITCHING, Upstream

CREDENTIALS = frozenset({b"authorization"})
USAGE = 4096
"""Bytes at an answer's end among which its usage is looked for: it stands behind the text."""
LOOKS = 64
"""Pieces of a stream after which its first content is waited for no longer."""
LAST_EVENT = 64
"""Bytes: a shorter piece holds no usage. It is an event that only says that the stream ends."""
_END = CRLF + CRLF
_LAST = CRLF + CLOSE + CRLF


def write_request(upstream: Upstream, request: Request, host: bytes, bearer: bytes = b"", *, whole: bool) -> None:
    """Writes the head, and with `whole` all of the body, of which nothing is taken away.

    `host` is the Host of a request that came without one. `bearer`, where there is one, is sent as Authorization in
    place of the client's.
    """
    if request.wire and not bearer:
        out = [request.wire, request.id, CRLF, request.framing(), CRLF]
    else:
        out = [request.method, b" ", request.url, b" HTTP/1.1\r\n"]
        if request.hostless:
            out += (b"host: ", host, CRLF)
        out += request.lines if not bearer else [*without(request.lines, CREDENTIALS), b"authorization: ", bearer, CRLF]
        out += (request.framing(), CRLF)
    transport = upstream.transport
    if not whole:
        write(transport, out, 0)
    elif request.chunked and not request.buffered:
        if request.size:
            out += (b"%x\r\n" % request.size, *request.body, CRLF)
        out.append(LAST_CHUNK)
        write(transport, out, request.size)
    else:
        out += request.body
        if request.size > PIECE:
            upstream.send(out, request.size)
        else:
            write(transport, out, request.size)


def write_body(transport: asyncio.Transport, request: Request) -> None:
    """Writes what came of a streamed body since the last time, and its end if it is complete."""
    out = request.body
    size = sum(map(len, out))
    if out:
        request.body = []
    if request.chunked:
        if size:  # a chunk of nothing would be the last one
            out = [b"%x\r\n" % size, *out, CRLF]
        if request.complete:
            out.append(LAST_CHUNK)
    if out:
        write(transport, out, size)


class Answer(Struct, eq=False, gc=False):
    """An answer on its way to the client.

    `code` is 0 until something of it is written. `close`: it is the connection's last. `until_close`: its end is the
    connection's. `stream`: it is an event stream or a tunnel. `first_byte` and `first_body` are clock times
    of its first byte and of a stream's first piece, `first_token` of a stream's first content; 0 is not yet.
    """

    code: int = 0
    close: bool = False
    until_close: bool = False
    stream: bool = False
    first_byte: float = 0.0
    first_body: float = 0.0
    first_token: float = 0.0
    _chunked: bool = False
    _awaits: bool = False  # a stream's first piece, or its first content
    _looks: int = 0
    _reader: StreamReader | None = None
    _tail: bytes = b""

    def head(self, upstream: Upstream, request: Request, origin: bytes, *, draining: bool) -> list[bytes]:
        """The head, its framing settled for this client. `origin` is header lines that say where it comes from."""
        self.code = upstream.status
        self.stream = is_event_stream(upstream.content_type) or upstream.status == SWITCHING
        if self.stream:
            self._awaits = True
            dialect = dialect_of(request.path())
            self._reader = StreamReader(dialect) if dialect is not None and upstream.status < 300 else None
        self.close = (request.closes or draining) and upstream.status != SWITCHING
        framing = b""
        if upstream.length is not None and upstream.status != 204:
            framing = b"content-length: %b\r\n" % upstream.length
        elif not upstream.bodiless:
            if request.http10:
                self.close = self.until_close = True
            else:
                self._chunked = True
                framing = CHUNKED
        begun = [upstream.wire] if upstream.wire else [STATUS_LINES[upstream.status], *upstream.head]
        return [
            *begun,
            origin,
            b"x-request-id: %b\r\n" % request.id,
            framing,
            CLOSE if self.close else KEEP_ALIVE if request.http10 else b"",
            CRLF,
        ]

    def pass_on(
        self,
        transport: asyncio.Transport,
        upstream: Upstream,
        request: Request,
        origin: bytes,
        now: float,
        *,
        last: bool,
    ) -> None:
        """Writes an answer that came whole behind a familiar head, to a client of HTTP/1.1: `head` and `relay` in one.

        `last`: no answer follows on the connection.
        """
        self.code = upstream.status
        self.first_byte = now
        self.close = last
        head = (
            upstream.wire,
            origin,
            b"x-request-id: ",
            request.id,
            b"\r\ncontent-length: ",
            upstream.length or b"0",
            _LAST if last else _END,
        )
        parts = upstream.parts
        if not parts:
            transport.write(b"".join(head))
            return
        body = parts.pop()
        size = len(body)
        if size > LAST_EVENT:
            self._tail = body
        write(transport, [*head, body], size)

    def relay(
        self, transport: asyncio.Transport, upstream: Upstream, out: list[bytes], clock: Callable[[], float]
    ) -> None:
        """Writes `out` and what came of the body since the last time, and takes that away from `upstream`."""
        parts = upstream.parts
        if not self.first_byte:
            self.first_byte = clock()
        if self._awaits and parts:
            self._look(parts, clock())
        size = 0
        if parts and not upstream.bodiless:
            if len(parts) == 1:
                size = len(parts[0])
                if size > LAST_EVENT:
                    self._tail = parts[0]
            else:
                size = sum(map(len, parts))
                self._tail = b"".join(parts[-3:]) if size < JOIN else parts[-1]
            if self._chunked:
                out += (b"%x\r\n" % size, *parts, CRLF)
            else:
                out += parts
        parts.clear()
        if self._chunked and upstream.finished:
            out.append(LAST_CHUNK)
        if out:
            write(transport, out, size)

    def usage(self) -> bytes:
        """Where the answer tells of its tokens, as far as that stands near its end; empty where it does not."""
        tail = self._tail
        at = tail.rfind(b'"usage"', -USAGE)
        return tail[at : at + 512] if at >= 0 else b""

    def _look(self, parts: list[bytes], now: float) -> None:
        """Looks for a stream's first content. Its later pieces are not read."""
        self.first_body = self.first_body or now
        reader = self._reader
        self._looks += 1
        if reader is not None:
            for part in parts:
                reader.feed(part)
            if reader.content:
                self.first_token = now
            elif not (reader.lost or reader.terminated) and self._looks < LOOKS:
                return
        self._awaits = False
        self._reader = None
