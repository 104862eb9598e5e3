"""What is written to a server and to a client: heads serialised anew, bodies in the framing that each side has."""

import asyncio
from collections.abc import Callable

from msgspec import Struct

from turnout.proxy.heads import (
    CHUNKED,
    CLOSE,
    CRLF,
    KEEP_ALIVE,
    LAST_CHUNK,
    STATUS_LINES,
    is_event_stream,
)
from turnout.proxy.request import Request
from turnout.proxy.upstream import SWITCHING, Upstream

JOIN = 64 * 1024
"""Bytes: below it, one copy and one write cost less than a vector of buffers; above it nothing is copied."""


def write(transport: asyncio.Transport, parts: list[bytes], size: int) -> None:
    """Writes `parts` at once. `size` is about their bytes."""
    if size <= JOIN:
        transport.write(parts[0] if len(parts) == 1 else b"".join(parts))
    else:
        transport.writelines(parts)


def write_request(transport: asyncio.Transport, request: Request, host: bytes, *, whole: bool) -> None:
    """Writes the head, and with `whole` all of the body, of which nothing is taken away.

    `host` is the Host of a request that came without one.
    """
    out = [request.method, b" ", request.url, b" HTTP/1.1\r\n"]
    if request.hostless:
        out += (b"host: ", host, CRLF)
    out += request.lines
    out += (request.framing(), CRLF)
    if not whole:
        write(transport, out, 0)
    elif request.chunked and not request.buffered:
        if request.size:
            out += (b"%x\r\n" % request.size, *request.body, CRLF)
        out.append(LAST_CHUNK)
        write(transport, out, request.size)
    else:
        out += request.body
        write(transport, out, request.size)


def write_body(transport: asyncio.Transport, request: Request) -> None:
    """Writes what came of a streamed body since the last time, and its end if it is complete."""
    out = request.body
    size = sum(map(len, out))
    if out:
        request.body = []
    if request.chunked:
        if out:
            out = [b"%x\r\n" % size, *out, CRLF]
        if request.complete:
            out.append(LAST_CHUNK)
    if out:
        write(transport, out, size)


def since(began: float, moment: float) -> float | None:
    """Seconds from `began` to a moment of an Answer; None when that never came."""
    return moment - began if moment else None


class Answer(Struct, eq=False, gc=False):
    """An answer on its way to the client.

    `code` is 0 until something of it is written. `close`: it is the connection's last. `until_close`: its end is the
    connection's. `stream`: it is an event stream or a tunnel. `first_byte` and `first_body` are clock times
    of its first byte and of a stream's first piece; 0 is not yet.
    """

    code: int = 0
    close: bool = False
    until_close: bool = False
    stream: bool = False
    first_byte: float = 0.0
    first_body: float = 0.0
    _chunked: bool = False

    def head(self, upstream: Upstream, request: Request, origin: bytes, *, draining: bool) -> list[bytes]:
        """The head, its framing settled for this client. `origin` is header lines that say where it comes from."""
        self.code = upstream.status
        self.stream = is_event_stream(upstream.content_type) or upstream.status == SWITCHING
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
        return [
            STATUS_LINES[upstream.status],
            *upstream.head,
            origin,
            b"x-request-id: %b\r\n" % request.id,
            framing,
            CLOSE if self.close else KEEP_ALIVE if request.http10 else b"",
            CRLF,
        ]

    def relay(
        self, transport: asyncio.Transport, upstream: Upstream, out: list[bytes], clock: Callable[[], float]
    ) -> None:
        """Writes `out` and what came of the body since the last time, and takes that away from `upstream`."""
        parts = upstream.parts
        if not self.first_byte:
            self.first_byte = clock()
        if self.stream and not self.first_body and parts:
            self.first_body = clock()
        size = 0
        if parts and not upstream.bodiless:
            size = len(parts[0]) if len(parts) == 1 else sum(map(len, parts))
            if self._chunked:
                out += (b"%x\r\n" % size, *parts, CRLF)
            else:
                out += parts
        parts.clear()
        if self._chunked and upstream.finished:
            out.append(LAST_CHUNK)
        if out:
            write(transport, out, size)
