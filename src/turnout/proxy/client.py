"""The client's side of an exchange, as the exchange needs it."""

import asyncio
from typing import Protocol


class Client(Protocol):
    """The connection that a request came on. `write_paused`: the client does not read as fast as we write."""

    transport: asyncio.Transport
    port: int
    write_paused: bool

    @property
    def holding(self) -> bool:
        """Whether we have stopped reading the request."""

    def hold(self, *, held: bool) -> None:
        """Stops reading the request's body, or reads on."""

    def done(self, *, close: bool) -> None:
        """The answer is written and the request read: the next one is due, or the end."""

    def linger(self) -> None:
        """The answer is written and ends the connection, though the request was not read to its end."""

    def cut(self, *, framed: bool) -> None:
        """The answer breaks off. `framed`: what the client got shows that by itself."""

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""

    def switch(self) -> bytes:
        """Another protocol takes the connection over: returns what the client has sent behind its request."""
