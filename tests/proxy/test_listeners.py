"""The sockets that a worker accepts on."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.support.worker import gateway, get, run
from turnout.proxy.listeners import Listeners


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[Listeners, socket.socket, int]]:
    """A worker's listeners, and a socket that is kept as a parent keeps it."""
    async with gateway({}) as served:
        listeners = Listeners(served.state)
        with socket.create_server(("127.0.0.1", 0)) as kept:
            try:
                yield listeners, kept, kept.getsockname()[1]
            finally:
                listeners.close()


async def answered(port: int) -> bytes:
    """The first line of the answer to a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(get("/", "Connection: close"))
    line = await reader.readline()
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    return line


def test_connections_wait_until_it_opens() -> None:
    async def main() -> None:
        async with listening() as (listeners, kept, port):
            await listeners.add(port, kept.dup())
            waiting = asyncio.create_task(answered(port))
            await asyncio.sleep(0.05)
            assert not waiting.done()
            await listeners.open()
            assert (await waiting).startswith(b"HTTP/1.1 404 ")

    run(main())


def test_a_port_that_comes_later_is_accepted_on_at_once() -> None:
    async def main() -> None:
        async with listening() as (listeners, kept, port):
            await listeners.open()
            await listeners.add(port, kept.dup())
            assert (await answered(port)).startswith(b"HTTP/1.1 404 ")

    run(main())


def test_connections_wait_for_the_next_worker_when_it_closes() -> None:
    async def main() -> None:
        async with listening() as (listeners, kept, port):
            await listeners.open()
            await listeners.add(port, kept.dup())
            await answered(port)
            listeners.remove(port)
            await asyncio.sleep(0)
            waiting = asyncio.create_task(answered(port))
            await asyncio.sleep(0.05)
            assert not waiting.done()
            await listeners.add(port, kept.dup())
            assert (await waiting).startswith(b"HTTP/1.1 404 ")

    run(main())


def test_the_queue_is_not_made_shorter() -> None:
    async def main() -> None:
        async with listening() as (listeners, kept, port):
            kept.listen(1000)
            wanted = longest(kept)
            await listeners.open()
            await listeners.add(port, kept.dup())
            assert longest(kept) >= wanted > 100

    run(main())


def longest(listener: socket.socket) -> int:
    """How many connections may wait: in a listener's tcp_info, `tcpi_sacked` says so."""
    information = listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    found: int = struct.unpack_from("=8B6I", information)[13]
    return found


def test_what_waits_when_it_drains_is_accepted_and_nothing_after_that() -> None:
    async def main() -> None:
        async with listening() as (listeners, kept, port):
            await listeners.open()
            await listeners.add(port, kept.dup())
            clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
            for each in clients:
                each.sendall(get("/", "Connection: close"))
            kept.close()
            await listeners.drain()
            for each in clients:
                reader, writer = await asyncio.open_connection(sock=each)
                assert (await reader.readline()).startswith(b"HTTP/1.1 404 ")
                writer.close()
            try:
                await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                return
            raise AssertionError("the port is still served")

    run(main())
