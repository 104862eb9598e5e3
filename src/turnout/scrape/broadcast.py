"""RUN/scraper.sock: the newest endpoint states, to everyone who connects."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from pathlib import Path

from turnout.channels import Decoder, EndpointStates, encode

log = logging.getLogger("turnout.scrape")

SHORTEST = 0.05
"""Seconds between two messages: what changes in between goes into the next one."""


class Broadcast:
    """Sends `states()` to each connection when it opens and after each `changed()`.

    A slow reader gets only the newest.
    """

    def __init__(self, path: Path, states: Callable[[], EndpointStates]) -> None:
        self._path = path
        self._states = states
        self._news = asyncio.Condition()
        self._version = 0
        self._encoded = (0, b"")
        self._tasks: set[asyncio.Task[None]] = set()
        self._dirty = asyncio.Event()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listens, in place of a socket that a predecessor left."""
        self._path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, self._path)
        self._path.chmod(0o600)

    def changed(self) -> None:
        """There is something new to tell."""
        self._dirty.set()

    async def run(self) -> None:
        """Tells, until cancelled."""
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            async with self._news:
                self._version += 1
                self._news.notify_all()
            await asyncio.sleep(SHORTEST)

    async def close(self) -> None:
        """Hangs up."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        listening = asyncio.create_task(_listen(reader))
        telling = asyncio.create_task(self._tell(writer))
        try:
            await asyncio.wait((listening, telling), return_when=asyncio.FIRST_COMPLETED)
        finally:
            listening.cancel()
            telling.cancel()
            await asyncio.gather(listening, telling, return_exceptions=True)
            writer.close()
            self._tasks.discard(task)

    async def _tell(self, writer: asyncio.StreamWriter) -> None:
        told = -1
        with contextlib.suppress(ConnectionError):
            while True:
                async with self._news:
                    while self._version == told:
                        await self._news.wait()
                told = self._version
                writer.write(self._frame())
                await writer.drain()

    def _frame(self) -> bytes:
        if self._encoded[0] != self._version or not self._encoded[1]:
            self._encoded = (self._version, encode(self._states()))
        return self._encoded[1]


async def _listen(reader: asyncio.StreamReader) -> None:
    """Reads until the peer hangs up; all that it has to say is its Hello."""
    decoder = Decoder()
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            for message in decoder.feed(data):
                log.debug("%s", message)
