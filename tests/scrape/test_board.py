"""RUN/scraper.sock: the newest states to everyone."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.peers import until
from turnout.channels import Decoder, EndpointStates, Hello, Message, Stop, encode
from turnout.endpoints import Endpoint
from turnout.scrape.board import Board


def states(waiting: float, count: int = 1) -> EndpointStates:
    return EndpointStates(
        {"ns/p": tuple(Endpoint(f"ns/{i}", f"127.0.0.1:{i}", i, True, 1.0, waiting) for i in range(count))}
    )


@asynccontextmanager
async def board(path: Path) -> AsyncIterator[Board]:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    board = Board()
    await board.serve(listener)
    try:
        yield board
    finally:
        board.close()


async def read(reader: asyncio.StreamReader, decoder: Decoder) -> list[Message]:
    async with asyncio.timeout(20):
        while not (messages := list(decoder.feed(await reader.read(65536)))):
            pass
    return messages


def test_a_reader_is_told_the_newest_when_it_connects(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with board(tmp_path / "s") as shown:
            shown.post(states(1))
            shown.post(states(2))
            reader, writer = await asyncio.open_unix_connection(tmp_path / "s")
            assert await read(reader, Decoder()) == [states(2)]
            writer.close()

    asyncio.run(scenario())


def test_every_reader_is_told_of_a_change(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with board(tmp_path / "s") as shown:
            shown.post(states(1))
            lines = [await asyncio.open_unix_connection(tmp_path / "s") for _ in range(2)]
            for reader, _ in lines:
                assert await read(reader, Decoder()) == [states(1)]
            shown.post(states(2))
            for reader, writer in lines:
                assert await read(reader, Decoder()) == [states(2)]
                writer.close()

    asyncio.run(scenario())


def test_nothing_is_told_before_anything_is_known(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with board(tmp_path / "s") as shown:
            reader, writer = await asyncio.open_unix_connection(tmp_path / "s")
            writer.write(encode(Hello("worker", 1, 0)))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.05):
                    assert not await reader.read(1)
            shown.post(states(1))
            assert await read(reader, Decoder()) == [states(1)]
            writer.close()

    asyncio.run(scenario())


def test_what_has_not_changed_is_not_told_again(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with board(tmp_path / "s") as shown:
            reader, writer = await asyncio.open_unix_connection(tmp_path / "s")
            await asyncio.sleep(0)
            shown.post(states(1))
            assert await read(reader, Decoder()) == [states(1)]
            shown.post(states(1))
            shown.post(states(2))
            assert await read(reader, Decoder()) == [states(2)]
            writer.close()

    asyncio.run(scenario())


def test_a_reader_that_lags_gets_the_newest_and_not_all_between(tmp_path: Path) -> None:
    posts = 400

    async def scenario() -> None:
        async with board(tmp_path / "s") as shown:
            line = socket.socket(socket.AF_UNIX)
            line.connect(str(tmp_path / "s"))
            for number in range(posts):
                shown.post(states(number, count=500))
                await asyncio.sleep(0)
            reader, writer = await asyncio.open_unix_connection(sock=line)
            decoder, seen = Decoder(), list[Message]()
            while not seen or seen[-1] != states(posts - 1, count=500):
                seen += await read(reader, decoder)
            assert len(seen) < posts / 2
            writer.close()

    asyncio.run(scenario())


def test_a_reader_that_says_anything_but_hello_is_hung_up_on(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with board(tmp_path / "s"):
            for said in (encode(Stop()), b"\xff\xff\xff\xff", b"\x00\x00\x00\x01\xc1"):
                reader, writer = await asyncio.open_unix_connection(tmp_path / "s")
                writer.write(said)
                async with asyncio.timeout(20):
                    assert await reader.read() == b""
                writer.close()

    asyncio.run(scenario())


def test_a_reader_that_goes_harms_nobody(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with board(tmp_path / "s") as shown:
            _, gone = await asyncio.open_unix_connection(tmp_path / "s")
            reader, writer = await asyncio.open_unix_connection(tmp_path / "s")
            gone.transport.abort()
            shown.post(states(1))
            assert await read(reader, Decoder()) == [states(1)]
            writer.close()

    asyncio.run(scenario())


def test_closing_hangs_up_on_everyone(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with board(tmp_path / "s") as shown:
            shown.post(states(1))
            reader, writer = await asyncio.open_unix_connection(tmp_path / "s")
            await read(reader, Decoder())
            shown.close()
            await until(reader.at_eof, "end of the line")
            writer.close()

    asyncio.run(scenario())
