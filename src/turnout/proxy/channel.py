"""A worker's line to the controller or the scraper: connects, says Hello, and connects again whenever it breaks."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from pathlib import Path

from turnout.channels import Decoder, Hello, Message, encode

log = logging.getLogger("turnout.proxy")

RETRY = 0.05
"""Seconds between two attempts to connect."""


class Channel:
    """`take` gets every message, `opened` is called after each new connection's Hello."""

    def __init__(
        self, path: Path, hello: Hello, take: Callable[[Message], None], opened: Callable[[], None] | None = None
    ) -> None:
        self._path = path
        self._hello = hello
        self._take = take
        self._opened = opened
        self._writer: asyncio.StreamWriter | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def connected(self) -> bool:
        """Whether what is sent has somebody to go to."""
        return self._writer is not None and not self._writer.is_closing()

    def start(self) -> None:
        """Keeps the line up from here on."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name=f"line to {self._path.name}")

    async def stop(self) -> None:
        """Hangs up, once what was sent is on its way."""
        if self._writer is not None:
            with contextlib.suppress(ConnectionError, TimeoutError):
                await asyncio.wait_for(self._writer.drain(), 1.0)
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def send(self, message: Message) -> bool:
        """Sends a message; False when there is nobody to send it to."""
        if self._writer is None or self._writer.is_closing():
            return False
        self._writer.write(encode(message))
        return True

    async def _run(self) -> None:
        while True:
            try:
                reader, writer = await asyncio.open_unix_connection(self._path)
            except (FileNotFoundError, ConnectionRefusedError, ConnectionResetError, BrokenPipeError):
                await asyncio.sleep(RETRY)
                continue
            try:
                await self._talk(reader, writer)
            except ConnectionError as error:
                log.debug("%s: %s", self._path.name, error)
            except ValueError:
                log.exception("%s sent what cannot be read: connecting anew", self._path.name)
            finally:
                self._writer = None
                writer.close()
            await asyncio.sleep(RETRY)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(encode(self._hello))
        self._writer = writer
        if self._opened is not None:
            self._opened()
        decoder = Decoder()
        while data := await reader.read(1 << 18):
            for message in decoder.feed(data):
                self._take(message)
