"""A client's connection that began with TLS."""

import asyncio

from turnout.proxy import answers
from turnout.proxy.downstream import Downstream
from turnout.proxy.entrances import Entrance
from turnout.proxy.state import State


class Secured(Downstream):
    """A Downstream whose requests must be for the listener that its handshake was for.

    A Host that another listener serves is answered 421, one that none serves finds no route (Gateway API, `Listener`).
    """

    __slots__ = ("_entrance", "_hostname")

    def __init__(self, state: State, port: int, entrance: Entrance) -> None:
        super().__init__(state, port)
        self._entrance = entrance
        self._hostname: str | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: the handshake is done."""
        super().connection_made(transport)
        self._hostname = self._entrance.greeted.get(transport.get_extra_info("ssl_object"))

    def on_headers_complete(self) -> None:
        """httptools: a head is whole."""
        known = self._arriving
        super().on_headers_complete()
        request = self._arriving
        if known is None and request is not None and request.fault is None:
            hostname = self._entrance.hostname_of(request.host)
            if hostname is not None and hostname != self._hostname:
                request.fault = answers.misdirected(request.host)
