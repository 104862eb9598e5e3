"""Connections to model servers, kept between requests: the one used last is used next, so that the others can go."""

import asyncio
import logging
from time import monotonic
from typing import Protocol

from turnout.channels.credentials import PLAIN, Credentials
from turnout.proxy.limits import Limits
from turnout.proxy.upstream import Upstream

log = logging.getLogger("turnout.proxy")


class Waiter(Protocol):
    """Who asked for a new connection."""

    def connected(self, upstream: Upstream) -> bool:
        """Takes the connection, or says False: it is no longer wanted."""

    def refused(self, why: str) -> None:
        """The server could not be reached."""


class Server:
    """One address and its idle connections, those used last at the end.

    `host_value` is the address as bytes, `line` the header line that names it for clients. `open` counts its
    connections, idle or not. `bearer` is the value of Authorization that its requests get, empty for the client's own.
    `fault` is why it could not be connected to when that was last tried.
    """

    __slots__ = (
        "_idle_limit",
        "_limit",
        "address",
        "bearer",
        "context",
        "fault",
        "host",
        "host_value",
        "idle",
        "line",
        "open",
        "port",
        "server_name",
    )

    def __init__(self, address: str, limits: Limits, credentials: Credentials = PLAIN) -> None:
        host, _, port = address.rpartition(":")
        self.address = address
        self.host = host.strip("[]")
        self.port = int(port)
        self.host_value = address.encode()
        self.line = b"x-turnout-endpoint: %b\r\n" % self.host_value
        self.bearer = b"Bearer " + credentials.key if credentials.key else b""
        self.context = credentials.context()
        self.server_name = (credentials.hostname or self.host) if credentials.tls else None
        self.fault = ""
        self.idle: list[Upstream] = []
        self.open = 0
        self._limit = limits.idle_per_endpoint
        self._idle_limit = limits.idle_upstream

    def take(self, now: float) -> Upstream | None:
        """An idle connection that is young enough, if there is one."""
        idle = self.idle
        while idle:
            upstream = idle.pop()
            if upstream.transport.is_closing():
                continue
            if now - upstream.idle_since < self._idle_limit:
                return upstream
            upstream.transport.abort()
        return None

    def release(self, upstream: Upstream, now: float) -> None:
        """Keeps the connection for the next request, if the server does and there is room."""
        upstream.receiver = None
        transport = upstream.transport
        if not upstream.reusable or len(self.idle) >= self._limit or transport.get_write_buffer_size():
            transport.abort()
            return
        if upstream.waiting:
            transport.abort()  # the rest of the request would be taken for the next one
            return
        if upstream.intake.reasons:
            upstream.resume()
        upstream.idle_since = now
        self.idle.append(upstream)

    def forget(self, upstream: Upstream) -> None:
        """The connection is gone."""
        self.open -= 1
        if upstream in self.idle:
            self.idle.remove(upstream)

    def expire(self, before: float) -> None:
        """Closes what was last used before then."""
        kept = 0
        for upstream in self.idle:
            if upstream.idle_since >= before:
                break
            kept += 1
            upstream.transport.abort()
        del self.idle[:kept]


class Connections:
    """Every server's connections."""

    __slots__ = ("_connecting", "_limits", "_loop", "_servers")

    def __init__(self, loop: asyncio.AbstractEventLoop, limits: Limits) -> None:
        self._loop = loop
        self._limits = limits
        self._servers: dict[str | tuple[str, Credentials], Server] = {}
        self._connecting: set[asyncio.Task[None]] = set()

    def server(self, address: str, credentials: Credentials = PLAIN) -> Server:
        """The server at `IP:PORT`, spoken to with these credentials: with others it is another one.

        Raises ValueError when the address has no port, or the credentials cannot be used.
        """
        key = address if credentials is PLAIN else (address, credentials)
        server = self._servers.get(key)
        if server is None:
            server = self._servers[key] = Server(address, self._limits, credentials)
        return server

    def connect(self, server: Server, waiter: Waiter) -> None:
        """Opens a new connection and tells `waiter`, later."""
        task = self._loop.create_task(self._connect(server, waiter))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    async def _connect(self, server: Server, waiter: Waiter) -> None:
        upstream = Upstream(server, self._loop)
        server.open += 1
        try:
            async with asyncio.timeout(self._limits.connect):
                await self._loop.create_connection(
                    lambda: upstream, server.host, server.port, ssl=server.context, server_hostname=server.server_name
                )
        except TimeoutError:
            server.open -= 1
            waiter.refused(f"no connection within {self._limits.connect:g} s")
            return
        except OSError as error:
            server.open -= 1
            why = error.strerror or str(error)
            if server.context is not None and server.fault != why:
                log.warning("no TLS connection to %s (%s): %s", server.address, server.server_name, why)
            server.fault = why
            waiter.refused(why)
            return
        server.fault = ""
        if not waiter.connected(upstream):
            upstream.reusable = True
            server.release(upstream, monotonic())

    def sweep(self, now: float) -> None:
        """Closes what was idle for too long."""
        before = now - self._limits.idle_upstream
        for address, server in list(self._servers.items()):
            server.expire(before)
            if not server.open:
                del self._servers[address]

    async def close(self) -> None:
        """Closes everything that is idle and gives up what is being opened."""
        for server in self._servers.values():
            server.expire(float("inf"))
        for task in list(self._connecting):
            task.cancel()
        if self._connecting:
            await asyncio.wait(self._connecting)
