"""The parent's line to the controller, against a real Unix socket."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from turnout.channels import Bound, Decoder, Hello, Message, Ports, Programmed, encode
from turnout.runners.parent_link import ParentLink

Session = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def receive(reader: asyncio.StreamReader, count: int) -> list[Message]:
    decoder = Decoder()
    messages: list[Message] = []
    while len(messages) < count:
        messages += decoder.feed(await reader.read(65536))
    return messages


def with_controller(session: Session, test: Callable[[ParentLink], Awaitable[None]]) -> None:
    """Runs `test` on a link to a controller that does `session` with each connection."""

    sessions: list[asyncio.Task[None] | None] = []

    async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sessions.append(asyncio.current_task())
        await session(reader, writer)
        await reader.read()
        writer.close()
        await writer.wait_closed()

    async def main() -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "controller.sock"
            link = ParentLink(path, lambda ports: Bound({port: "taken" for port in ports if port == 81}), pid=7)
            link.start()
            async with await asyncio.start_unix_server(closing, path):
                await asyncio.wait_for(test(link), 10)
                await link.stop()
                await asyncio.gather(*(each for each in sessions if each is not None))

    asyncio.run(main())


def test_ports_are_answered_with_those_that_cannot_be_bound() -> None:
    heard: asyncio.Queue[list[Message]] = asyncio.Queue()

    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(encode(Ports((80, 81))))
        heard.put_nowait(await receive(reader, 2))

    async def test(_: ParentLink) -> None:
        assert await heard.get() == [Hello("parent", 7), Bound({81: "taken"})]

    with_controller(session, test)


def test_programmed_waits_for_the_version_and_for_every_worker() -> None:
    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await receive(reader, 1)
        for news in (Programmed(1, 5, (0, 1)), Programmed(2, 9, (0,))):
            writer.write(encode(news))
        await asyncio.sleep(0.05)
        assert not reached.is_set()
        writer.write(encode(Programmed(2, 9, (0, 1))))

    reached = asyncio.Event()

    async def test(link: ParentLink) -> None:
        await link.programmed(8, range(2))
        reached.set()

    with_controller(session, test)


def test_the_link_comes_back_after_the_controller_hung_up() -> None:
    calls = 0

    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            writer.write(encode(Programmed(1, 1, (0,))))
            await receive(reader, 1)
        else:
            writer.close()

    async def test(link: ParentLink) -> None:
        await link.programmed(1, (0,))

    with_controller(session, test)
