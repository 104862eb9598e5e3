"""The parent's line to the controller: which ports the table wants, and when every worker serves it."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection
from pathlib import Path

from turnout.channels import Bound, Decoder, Hello, Message, Ports, Programmed, encode

log = logging.getLogger("turnout.runners")

RETRY = 0.05
"""Seconds between attempts to reach a controller that is not there."""


class ParentLink:
    """Connects, and connects again when the controller starts anew. `want` serves ports and says which ones failed."""

    def __init__(self, path: Path, want: Callable[[tuple[int, ...]], Bound], pid: int) -> None:
        self._path = path
        self._want = want
        self._pid = pid
        self._latest = Programmed(0, 0)
        self._news = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Keeps the line up from here on."""
        self._task = asyncio.create_task(self._run(), name="parent link")

    async def stop(self) -> None:
        """Hangs up."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def programmed(self, resource_version: int, workers: Collection[int]) -> None:
        """Returns once all of `workers` serve a table made from everything stored up to `resource_version`."""

        def reached() -> bool:
            return self._latest.resource_version >= resource_version and set(workers) <= set(self._latest.workers)

        async with self._news:
            await self._news.wait_for(reached)

    async def _run(self) -> None:
        while True:
            try:
                reader, writer = await asyncio.open_unix_connection(self._path)
            except (FileNotFoundError, ConnectionRefusedError):
                await asyncio.sleep(RETRY)
                continue
            try:
                writer.write(encode(Hello("parent", self._pid)))
                await self._talk(reader, writer)
            except ConnectionError as error:
                log.debug("the controller hung up: %s", error)
            finally:
                writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        decoder = Decoder()
        while data := await reader.read(65536):
            for message in decoder.feed(data):
                answer = await self._take(message)
                if answer is not None:
                    writer.write(encode(answer))
                    await writer.drain()

    async def _take(self, message: Message) -> Bound | None:
        match message:
            case Ports(ports):
                return self._want(ports)
            case Programmed():
                async with self._news:
                    self._latest = message
                    self._news.notify_all()
            case _:
                log.error("the controller sent a %s, which is not for a parent", type(message).__name__)
        return None
