"""Connections to the API, bounded: how many there are, how large a request's head is, how long it may take to come."""

import asyncio
import logging
import resource
from typing import Any, ClassVar

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

log = logging.getLogger("turnout.apiserver")

MAX_HEAD = 64 * 1024
"""Bytes of a request line and its headers."""
HEAD_SECONDS = 20.0
STALL_SECONDS = 10.0
"""How long a client may take nothing of what waits for it. Closing alone would wait for it without end."""
MAX_CONNECTIONS = 16_384
SPARE_FILES = 128
"""Descriptors that are not for connections: the database, logs, listening sockets."""


class TooLongError(Exception):
    """A request's head is longer than `MAX_HEAD`."""


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1, whose own bounds are on bodies and answers only. `most` is how many connections there are."""

    most: ClassVar[int] = MAX_CONNECTIONS
    head_seconds: ClassVar[float] = HEAD_SECONDS
    stall_seconds: ClassVar[float] = STALL_SECONDS

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._in_head = True
        self._head_bytes = 0
        self._fed = 0
        self._timer: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Takes the connection, or ends it where there are too many."""
        super().connection_made(transport)
        if len(self.connections) > self.most:
            self._refuse(503, "Service Unavailable")
            return
        self._timer = self.loop.call_later(self.head_seconds, self._late)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forgets the connection."""
        self._stop_timer()
        self._stop_stalled()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parses, and refuses a head that is too long before it is whole."""
        if self.transport.is_closing():
            return
        super().data_received(data)
        self._fed = self._fed + len(data) if self._in_head else 0
        if self._in_head and self._fed > MAX_HEAD:
            self.send_400_response("")

    def pause_writing(self) -> None:
        """More waits for the client than is good: from here on it has to take some."""
        super().pause_writing()
        self._stop_stalled()
        self._stalled = self.loop.call_later(self.stall_seconds, self._look, self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        """The client has taken most of it."""
        self._stop_stalled()
        super().resume_writing()

    def on_message_begin(self) -> None:
        """A new head begins."""
        super().on_message_begin()
        self._in_head, self._head_bytes = True, 0
        if self._timer is None:
            self._timer = self.loop.call_later(self.head_seconds, self._late)

    def on_url(self, url: bytes) -> None:
        """A part of the request line."""
        super().on_url(url)
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header, or trailer."""
        super().on_header(name, value)
        self._count(len(name) + len(value) + 4)

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._in_head, self._fed = False, 0
        self._stop_timer()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """What the parser cannot take, and a head that is too long, end the connection."""
        if self._fed > MAX_HEAD or self._head_bytes > MAX_HEAD:
            self._refuse(431, "Request Header Fields Too Large")
        else:
            super().send_400_response(msg)

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > MAX_HEAD:
            raise TooLongError

    def _late(self) -> None:
        self._timer = None
        if not self.transport.is_closing():
            self._refuse(408, "Request Timeout")

    def _look(self, waiting: int) -> None:
        """Drops the connection unless less waits for the client than did; what is added meanwhile is held back."""
        left = self.transport.get_write_buffer_size()
        if left < waiting:
            self._stalled = self.loop.call_later(self.stall_seconds, self._look, left)
            return
        self._stalled = None
        log.warning("a connection is dropped: its client took nothing for %.0f s", self.stall_seconds)
        self.transport.abort()

    def _refuse(self, code: int, phrase: str) -> None:
        self.transport.write(f"HTTP/1.1 {code} {phrase}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        self.transport.close()

    def _stop_stalled(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def raise_file_limit() -> int:
    """Lets this process open as many files as it may; how many connections that leaves room for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_CONNECTIONS + SPARE_FILES
    raised = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < raised:
        resource.setrlimit(resource.RLIMIT_NOFILE, (raised, hard))
        soft = raised
    return MAX_CONNECTIONS if soft == resource.RLIM_INFINITY else max(1, min(MAX_CONNECTIONS, soft - SPARE_FILES))
