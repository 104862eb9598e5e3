"""RUN/scraper.sock: everyone who connects is told the newest state of all endpoints, whole."""

import asyncio
import logging
import socket
from typing import cast

from turnout.channels import Decoder, EndpointStates, Hello, encode

log = logging.getLogger("turnout.scrape")

UNREAD_LIMIT = 64 * 1024
"""Bytes: a reader with more than this unread is told nothing until it has caught up, then only the newest."""


class Board:
    """The newest states, and the readers."""

    def __init__(self) -> None:
        self._frame = b""
        self._states: EndpointStates | None = None
        self._readers: set[_Reader] = set()
        self._server: asyncio.AbstractServer | None = None

    async def serve(self, listener: socket.socket) -> None:
        """Takes readers at a bound Unix socket from here on."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(lambda: _Reader(self), sock=listener)

    def close(self) -> None:
        """Hangs up on everyone."""
        if self._server is not None:
            self._server.close()
        for reader in list(self._readers):
            reader.close()

    def post(self, states: EndpointStates) -> None:
        """Tells every reader, unless nothing has changed."""
        if states != self._states:
            self._states = states
            self._frame = encode(states)
            for reader in self._readers:
                reader.show(self._frame)

    def join(self, reader: "_Reader") -> None:
        """A reader that has not been told anything yet."""
        self._readers.add(reader)
        if self._frame:
            reader.show(self._frame)

    def leave(self, reader: "_Reader") -> None:
        """A reader that is gone."""
        self._readers.discard(reader)


class _Reader(asyncio.Protocol):
    def __init__(self, board: Board) -> None:
        self._board = board
        self._decoder = Decoder()
        self._transport: asyncio.Transport | None = None
        self._paused = False
        self._missed = b""

    def show(self, frame: bytes) -> None:
        """Sends the frame, or keeps it for when the reader has caught up."""
        if self._paused:
            self._missed = frame
        elif self._transport is not None:
            self._transport.write(frame)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclasses of asyncio's.
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=UNREAD_LIMIT)
        self._board.join(self)

    def data_received(self, data: bytes) -> None:
        try:
            said = [type(message).__name__ for message in self._decoder.feed(data) if not isinstance(message, Hello)]
        except ValueError as error:
            said = [str(error)]
        if said:
            log.warning("a reader is hung up on, which should say only Hello: %s", said[0])
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._board.leave(self)

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        frame, self._missed = self._missed, b""
        if frame:
            self.show(frame)
