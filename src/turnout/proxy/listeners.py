"""The sockets that a worker accepts on. The parent keeps its own copy of each, and with it what waits in its queue."""

import asyncio
import contextlib
import logging
import socket
from functools import partial

from turnout.proxy.downstream import Downstream
from turnout.proxy.entrances import Entrance
from turnout.proxy.secured import Secured
from turnout.proxy.state import State

log = logging.getLogger("turnout.proxy")

FOREVER = float("inf")
BACKLOG = 4096
"""asyncio listens again on a socket that it is given, and would make its queue shorter than the parent made it."""


class Listeners:
    """Sockets by port. None is accepted on before `open`."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._open = False
        self._sockets: dict[int, socket.socket] = {}
        self._servers: dict[int, asyncio.AbstractServer] = {}
        self._entrances: dict[int, Entrance | None] = {}

    async def add(self, port: int, listener: socket.socket) -> None:
        """Serves `port` on this socket, in place of an older one."""
        self.remove(port)
        self._sockets[port] = listener
        if self._open:
            await self._accept(port, listener)

    @property
    def stale(self) -> bool:
        """Whether a port is accepted on otherwise than the table has come to ask: with TLS, or without."""
        now = self._state.entrances.ports
        return any(now.get(port) is not self._entrances.get(port) for port in self._servers)

    async def refresh(self) -> None:
        """Accepts as the table asks. Connections that began otherwise serve what they have begun."""
        now = self._state.entrances.ports
        for port in [port for port in self._servers if now.get(port) is not self._entrances.get(port)]:
            self._servers.pop(port).close()
            for session in list(self._state.sessions):
                if isinstance(session, Downstream) and session.port == port:
                    session.close_idle(FOREVER)
            await self._accept(port, self._sockets[port])

    def remove(self, port: int) -> None:
        """Accepts no more on `port`; open connections go on."""
        server = self._servers.pop(port, None)
        if server is not None:
            server.close()
        listener = self._sockets.pop(port, None)
        if listener is not None:
            listener.close()

    async def open(self) -> None:
        """Accepts on every socket from here on."""
        if not self._open:
            self._open = True
            for port, listener in list(self._sockets.items()):
                await self._accept(port, listener)

    def close(self) -> None:
        """Accepts no more at all."""
        self._open = False
        for port in list(self._sockets):
            self.remove(port)

    async def drain(self) -> None:
        """Accepts what waits, and then no more: what is left in a queue when its last holder closes it is reset."""
        if self._open:
            for port, listener in self._sockets.items():
                await self._accept_waiting(port, listener)
        self.close()

    async def _accept_waiting(self, port: int, listener: socket.socket) -> None:
        loop, state = asyncio.get_running_loop(), self._state
        listener.setblocking(False)  # noqa: FBT003 - its only argument
        for _ in range(BACKLOG):
            try:
                connection, _ = listener.accept()
            except OSError:  # nothing waits, or no descriptor is left for it
                return
            entrance = state.entrances.ports.get(port)
            if entrance is None:
                await loop.connect_accepted_socket(lambda: Downstream(state, port), connection)
            else:
                with contextlib.suppress(OSError):  # no handshake
                    await loop.connect_accepted_socket(
                        partial(Secured, state, port, entrance),
                        connection,
                        ssl=entrance.context,
                        ssl_handshake_timeout=1.0,
                    )

    async def _accept(self, port: int, listener: socket.socket) -> None:
        state = self._state
        loop = asyncio.get_running_loop()
        entrance = self._entrances[port] = state.entrances.ports.get(port)
        # A duplicate: the server closes its own when it is replaced, and the socket stays.
        accepted = listener.dup()
        if entrance is None:
            self._servers[port] = await loop.create_server(
                lambda: Downstream(state, port), sock=accepted, backlog=BACKLOG
            )
        else:
            self._servers[port] = await loop.create_server(
                partial(Secured, state, port, entrance),
                sock=accepted,
                backlog=BACKLOG,
                ssl=entrance.context,
                ssl_handshake_timeout=state.limits.handshake,
                ssl_shutdown_timeout=state.limits.farewell,
            )
        log.info("port %d is accepted on", port)
