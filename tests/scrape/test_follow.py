"""The scraper's line to the controller."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.peers import until
from turnout.channels import Decoder, Hello, Member, Membership, Message, Stop, encode
from turnout.scrape.follow import follow

ONE = Membership({"ns/p": (Member("ns/a", "127.0.0.1:9000"),)})
NONE = Membership({})


class Controller:
    """Takes lines at `path`, and keeps what was said on them."""

    def __init__(self, path: Path) -> None:
        self.heard: list[Message] = []
        self.writers: list[asyncio.StreamWriter] = []
        self._path = path
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_unix_server(self._serve, self._path)

    def stop(self) -> None:
        """Goes, as a process that is killed: the socket's file stays."""
        assert self._server is not None
        self._server.close()
        for writer in self.writers:
            writer.close()
        self.writers.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        decoder = Decoder()
        while data := await reader.read(65536):
            self.heard += decoder.feed(data)


@asynccontextmanager
async def following(path: Path) -> AsyncIterator[list[Membership]]:
    taken: list[Membership] = []
    task = asyncio.create_task(follow(path, taken.append))
    yield taken
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_it_says_who_it_is(tmp_path: Path) -> None:
    async def scenario() -> None:
        controller = Controller(tmp_path / "c")
        await controller.start()
        async with following(tmp_path / "c"):
            await until(lambda: controller.heard)
            assert controller.heard == [Hello("scraper", os.getpid())]
        controller.stop()

    asyncio.run(scenario())


def test_every_membership_is_taken(tmp_path: Path) -> None:
    async def scenario() -> None:
        controller = Controller(tmp_path / "c")
        await controller.start()
        async with following(tmp_path / "c") as taken:
            await until(lambda: controller.writers)
            controller.writers[0].write(encode(ONE) + encode(NONE))
            await until(lambda: len(taken) == 2)
            assert taken == [ONE, NONE]
        controller.stop()

    asyncio.run(scenario())


def test_it_waits_for_a_controller_that_is_not_there_yet(tmp_path: Path) -> None:
    async def scenario() -> None:
        controller = Controller(tmp_path / "c")
        async with following(tmp_path / "c"):
            await asyncio.sleep(0)
            await controller.start()
            await until(lambda: controller.heard, "a Hello")
        controller.stop()

    asyncio.run(scenario())


def test_it_connects_again_when_the_controller_starts_anew(tmp_path: Path) -> None:
    async def scenario() -> None:
        controller = Controller(tmp_path / "c")
        await controller.start()
        async with following(tmp_path / "c") as taken:
            await until(lambda: controller.heard)
            controller.stop()
            (tmp_path / "c").unlink(missing_ok=True)
            await controller.start()
            await until(lambda: len(controller.heard) == 2, "a second Hello")
            controller.writers[0].write(encode(ONE))
            await until(lambda: taken == [ONE])
        controller.stop()

    asyncio.run(scenario())


def test_a_controller_that_talks_nonsense_is_left_and_tried_again(tmp_path: Path) -> None:
    async def scenario() -> None:
        controller = Controller(tmp_path / "c")
        await controller.start()
        async with following(tmp_path / "c") as taken:
            await until(lambda: len(controller.heard) == 1)
            controller.writers[-1].write(b"\xff\xff\xff\xff")
            await until(lambda: len(controller.heard) == 2, "a second Hello")
            controller.writers[-1].write(encode(Stop()))
            await until(lambda: len(controller.heard) == 3, "a third Hello")
            assert not taken
        controller.stop()

    asyncio.run(scenario())
