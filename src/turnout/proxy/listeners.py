"""The sockets that a worker accepts on. The parent keeps its own copy of each, and with it what waits in its queue."""

import asyncio
import logging
import socket

from turnout.proxy.downstream import Downstream
from turnout.proxy.state import State

log = logging.getLogger("turnout.proxy")

BACKLOG = 4096
"""asyncio listens again on a socket that it is given, and would make its queue shorter than the parent made it."""


class Listeners:
    """Sockets by port. None is accepted on before `open`."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._open = False
        self._sockets: dict[int, socket.socket] = {}
        self._servers: dict[int, asyncio.AbstractServer] = {}

    async def add(self, port: int, listener: socket.socket) -> None:
        """Serves `port` on this socket, in place of an older one."""
        self.remove(port)
        self._sockets[port] = listener
        if self._open:
            await self._accept(port, listener)

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

    async def _accept(self, port: int, listener: socket.socket) -> None:
        state = self._state
        loop = asyncio.get_running_loop()
        self._servers[port] = await loop.create_server(lambda: Downstream(state, port), sock=listener, backlog=BACKLOG)
        log.info("port %d is accepted on", port)
