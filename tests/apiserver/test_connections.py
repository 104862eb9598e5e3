"""Bounds of connections, with patience cut short."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvicorn

from turnout.apiserver.connections import BoundedProtocol


async def _hello(scope: Any, receive: Any, send: Any) -> None:
    """Answers with 30 MB at /large, and with little elsewhere."""
    body = b"x" * 30_000_000 if scope["path"] == "/large" else b"hello"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


def serve(work: Callable[[int], Awaitable[None]]) -> None:
    """Runs `work` with the port of a server of at most two connections."""

    class Impatient(BoundedProtocol):
        most = 2
        head_seconds = 0.2
        stall_seconds = 0.2

    async def main() -> None:
        config = uvicorn.Config(_hello, http=Impatient, ws="none", lifespan="off", log_config=None, access_log=False)
        server = uvicorn.Server(config)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            serving = asyncio.create_task(server.serve([listening]))
            await work(listening.getsockname()[1])
            server.should_exit = True
            await serving

    asyncio.run(asyncio.wait_for(main(), 60))


async def said(port: int, text: bytes) -> bytes:
    """All that comes until the server ends the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(text)
    found = b""
    with contextlib.suppress(ConnectionResetError):
        found = await reader.read()
    writer.close()
    return found


@pytest.mark.parametrize("text", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: a\r\n"])
def test_a_head_that_does_not_come_in_time_ends_the_connection(text: bytes) -> None:
    async def work(port: int) -> None:
        assert (await said(port, text)).startswith(b"HTTP/1.1 408 ")

    serve(work)


def test_a_second_head_has_to_come_in_time_too() -> None:
    async def work(port: int) -> None:
        answers = await said(port, b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HT")
        assert b"hello" in answers
        assert b"HTTP/1.1 408 " in answers

    serve(work)


def test_a_connection_too_many_is_turned_away() -> None:
    async def work(port: int) -> None:
        opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        await asyncio.sleep(0)
        assert (await said(port, b"")).startswith(b"HTTP/1.1 503 ")
        for _, writer in opened:
            writer.close()

    serve(work)


def test_a_client_that_takes_nothing_is_dropped() -> None:
    async def work(port: int) -> None:
        loop = asyncio.get_running_loop()
        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.setblocking(False)
            await loop.sock_connect(deaf, ("127.0.0.1", port))
            await loop.sock_sendall(deaf, b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
            # The place that it took is free again once it is dropped.
            other = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            _, holding = await asyncio.open_connection("127.0.0.1", port)
            while True:
                holding.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                if (await said(port, other)).endswith(b"hello"):
                    break
                await asyncio.sleep(0.02)
            holding.close()

    serve(work)


def test_a_client_that_reads_slowly_gets_all() -> None:
    async def work(port: int) -> None:
        loop = asyncio.get_running_loop()
        with socket.socket() as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            slow.setblocking(False)
            await loop.sock_connect(slow, ("127.0.0.1", port))
            await loop.sock_sendall(slow, b"GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            taken, pauses = 0, 0
            while piece := await loop.sock_recv(slow, 1_000_000):
                taken += len(piece)
                if taken > 3_000_000 * (pauses + 1):  # so slow that it takes longer than the patience, in all
                    pauses += 1
                    await asyncio.sleep(0.05)
            assert taken > 30_000_000

    serve(work)
