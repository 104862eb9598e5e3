"""One GET to a model server, with every way it can fail as a value.

An HTTP client of its own: 20 pages a second from every endpoint are a hot path, and a general client's requests cost
several times as much CPU. What it asks is always the same: a GET without a body, uncompressed, over kept connections.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import httptools
from msgspec import Struct

from turnout.channels.credentials import PLAIN, Credentials
from turnout.endpoints.health import Failure

CONNECT_SECONDS = 0.75
TOTAL_SECONDS = 1.0
"""To have the whole answer, connecting included."""
PAGE_LIMIT = 4 * 1024 * 1024
"""Bytes: a longer page is no metrics page."""
HEAD_LIMIT = 64 * 1024
IDLE_SECONDS = 4.0
"""After which a kept connection is not used again: uvicorn closes one that was idle for 5 s."""


class Answer(Struct, frozen=True):
    """`body` is None if it is longer than PAGE_LIMIT, or encoded though that was not asked for."""

    status: int
    body: bytes | None


class _LostError(Exception):
    """The connection ended, or what came is no HTTP. `clean`: nothing of an answer had come."""

    def __init__(self, *, clean: bool) -> None:
        super().__init__()
        self.clean = clean


class _Connection(asyncio.Protocol):
    """One kept connection: one question at a time. `keeps`: the server takes another one."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._parser = httptools.HttpResponseParser(self)
        self._answer: asyncio.Future[Answer] | None = None
        self._parts: list[bytes] = []
        self._size = 0
        self._head = 0
        self._encoded = False
        self._framed = False
        self._whole = False
        self.keeps = True
        self.idle_since = 0.0

    def ask(self, request: bytes) -> "asyncio.Future[Answer]":
        """The answer, or `_LostError`."""
        self._parts.clear()
        self._size = self._head = 0
        self._encoded = self._framed = self._whole = False
        answer = self._answer = self._loop.create_future()
        if self.transport.is_closing():
            self._fail(clean=True)
        else:
            self.transport.write(request)
        return answer

    def close(self) -> None:
        """Closes it at once."""
        self.keeps = False
        self.transport.abort()

    # -- asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: it is open."""
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """asyncio: bytes of an answer."""
        if self._answer is None:
            self.close()  # nobody asked
            return
        self._head = self._head or 1
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail(clean=False)

    def eof_received(self) -> None:
        """asyncio: the server sends no more; an answer without a length ends here."""
        if self._whole and not self._framed:
            self.keeps = False
            self._finish()
        else:
            self._fail(clean=self._head == 0)

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: it is gone."""
        self.keeps = False
        self._fail(clean=self._head == 0)

    # -- httptools

    def on_message_begin(self) -> None:
        """httptools: an answer begins. Behind the one asked for, its rest would be taken for the next one's."""
        if self._answer is None:
            self.keeps = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """httptools: one header."""
        self._head += len(name) + len(value)
        if self._head > HEAD_LIMIT:
            self._fail(clean=False)
        low = name.lower()
        if low in {b"content-length", b"transfer-encoding"}:
            self._framed = True
        elif low == b"content-encoding" and value.strip().lower() != b"identity":
            self._encoded = True

    def on_headers_complete(self) -> None:
        """httptools: the head is whole."""
        self._whole = self._parser.get_status_code() >= 200

    def on_body(self, part: bytes) -> None:
        """httptools: a part of the body."""
        self._size += len(part)
        if self._size <= PAGE_LIMIT:
            self._parts.append(part)

    def on_message_complete(self) -> None:
        """httptools: the answer is whole."""
        if self._whole:  # else it is an interim answer, and the real one follows
            self.keeps = self.keeps and self._parser.should_keep_alive()
            self._finish()

    def _finish(self) -> None:
        status = self._parser.get_status_code()
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            kept = not self._encoded and self._size <= PAGE_LIMIT
            answer.set_result(Answer(status, b"".join(self._parts) if kept else None))

    def _fail(self, *, clean: bool) -> None:
        self.keeps = False
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_exception(_LostError(clean=clean))


class Prober:
    """Asks over kept connections. `opened` makes one."""

    def __init__(self, connect: float = CONNECT_SECONDS, total: float = TOTAL_SECONDS) -> None:
        self._connect_seconds = connect
        self._total_seconds = total
        self._idle: dict[str, list[_Connection]] = {}
        self._open: set[_Connection] = set()
        self._requests: dict[tuple[str, str], bytes] = {}
        self._credentials: dict[str, Credentials] = {}

    def equip(self, credentials: dict[str, Credentials]) -> None:
        """Asks the servers at these addresses with these credentials from here on, and all others without any."""
        old, self._credentials = self._credentials, credentials
        for address in old.keys() | credentials.keys():
            if old.get(address) != credentials.get(address):
                self._requests = {known: each for known, each in self._requests.items() if known[0] != address}
                for connection in self._idle.pop(address, ()):
                    connection.close()
                    self._open.discard(connection)

    @classmethod
    @asynccontextmanager
    async def opened(cls, connect: float = CONNECT_SECONDS, total: float = TOTAL_SECONDS) -> AsyncIterator["Prober"]:
        """A prober whose connections are closed in the end. Seconds: to be connected, and to have the whole answer."""
        prober = cls(connect, total)
        try:
            yield prober
        finally:
            for connection in list(prober._open):
                connection.close()

    async def get(self, address: str, path: str) -> Answer | Failure:
        """The answer of the endpoint at `address` (`IP:PORT`). Redirects are answers: nobody else is asked."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        request = self._request(address, path)
        kept = self._take(address, began)
        if kept is not None:
            outcome = await self._ask(kept, address, request, began)
            if outcome is not None:
                return outcome
        opened = await self._open_one(loop, address)
        if isinstance(opened, Failure):
            return opened
        return await self._ask(opened, address, request, began) or Failure.BROKEN

    async def _ask(
        self, connection: _Connection, address: str, request: bytes, began: float
    ) -> Answer | Failure | None:
        """None if the server had closed the connection before it could be asked."""
        loop = asyncio.get_running_loop()
        future = connection.ask(request)
        late = loop.call_at(began + self._total_seconds, _expire, future)
        done = False
        try:
            answer = await future
            done = True
        except _LostError as lost:
            return None if lost.clean else Failure.BROKEN
        except TimeoutError:
            return Failure.SILENT
        finally:
            late.cancel()
            if done and connection.keeps:
                self._keep(address, connection, loop.time())
            else:
                connection.close()
                self._open.discard(connection)
        return answer

    def _keep(self, address: str, connection: _Connection, now: float) -> None:
        """The connection used last is used next: the oldest one is not used again unless two questions meet."""
        connection.idle_since = now
        idle = self._idle.setdefault(address, [])
        idle.append(connection)
        if now - idle[0].idle_since > IDLE_SECONDS:
            oldest = idle.pop(0)
            oldest.close()
            self._open.discard(oldest)

    async def _open_one(self, loop: asyncio.AbstractEventLoop, address: str) -> _Connection | Failure:
        host, _, port = address.rpartition(":")
        host, credentials = host.strip("[]"), self._credentials.get(address, PLAIN)
        name = (credentials.hostname or host) if credentials.tls else None
        try:
            async with asyncio.timeout(self._connect_seconds):
                _, connection = await loop.create_connection(
                    lambda: _Connection(loop), host, int(port), ssl=credentials.context(), server_hostname=name
                )
        except (OSError, ValueError):  # TimeoutError is one
            return Failure.UNREACHABLE
        self._open.add(connection)
        return connection

    def _take(self, address: str, now: float) -> _Connection | None:
        idle = self._idle.get(address)
        while idle:
            connection = idle.pop()
            if connection.keeps and now - connection.idle_since < IDLE_SECONDS:
                return connection
            connection.close()
            self._open.discard(connection)
        return None

    def _request(self, address: str, path: str) -> bytes:
        key = (address, path)
        request = self._requests.get(key)
        if request is None:
            if len(self._requests) >= 10_000:  # endpoints come and go
                self._requests.clear()
            head = f"GET {path} HTTP/1.1\r\nHost: {address}\r\nUser-Agent: turnout-scraper\r\nAccept: */*\r\n"
            token = self._credentials.get(address, PLAIN).key
            if token:
                head += f"Authorization: Bearer {token.decode('latin-1')}\r\n"
            request = self._requests[key] = f"{head}Accept-Encoding: identity\r\n\r\n".encode("latin-1")
        return request


def _expire(answer: "asyncio.Future[Answer]") -> None:
    # Not cancelled: that is what is done to whoever asks, and must not be taken for a silent server.
    if not answer.done():
        answer.set_exception(TimeoutError())
