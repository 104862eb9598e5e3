"""Clients that do not read, that vanish, and thousands that only wait: nothing of them stays."""

import asyncio
import socket
import time
from collections.abc import Iterator

import pytest

from tests.support.chaos import level, level_again, metric, note, rounds, scripted, served_by, written
from tests.support.system import System, system, until
from tests.support.upstream import Conversation

pytestmark = pytest.mark.e2e

CHUNK = b"10000\r\n" + b"x" * 65536 + b"\r\n"
CHUNKS = 1024
"""64 MiB: far more than sockets and the worker may hold for one client."""
CLIENTS = 20
IDLE = 5000


async def script(conversation: Conversation) -> None:
    while True:
        received = await conversation.request()
        if received.line.split(" ")[1] != "/flood":
            await conversation.answer(b"ok")
            continue
        await conversation.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        await conversation.send(*[CHUNK] * CHUNKS, b"0\r\n\r\n")


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    folder = tmp_path_factory.mktemp("clients")
    with scripted(script) as server:
        objects = written(folder, {"llm": [int(server.address.rpartition(":")[2])]}, llm=1)
        with system(folder, "--workers", "1", "-f", str(objects)) as running:
            until(lambda: served_by(running) == "llm")
            yield running


def flooding(up: System, count: int) -> list[socket.socket]:
    """Clients that have asked for 64 MiB each and read only the first bytes."""
    opened = []
    for _ in range(count):
        client = socket.create_connection(("127.0.0.1", up.gateway_port), timeout=20)
        client.sendall(b"GET /flood HTTP/1.1\r\nhost: x\r\n\r\n")
        opened.append(client)
    for client in opened:
        assert client.recv(12) == b"HTTP/1.1 200"
    return opened


def test_clients_that_never_read_hold_little_memory_stop_nobody_and_leave_nothing_behind(up: System) -> None:
    assert served_by(up) == "llm"
    start = level(up)["worker"].memory
    for before in rounds(up):
        clients = flooding(up, CLIENTS)
        began = time.monotonic()
        while time.monotonic() < began + 1.0:  # the server sends all it can meanwhile
            assert served_by(up) == "llm"
        held = level(up)["worker"].memory - start
        assert held < CLIENTS * 2 * 1024 * 1024, f"{held} bytes are held for {CLIENTS} clients"
        for client in clients:
            client.close()
        took = level_again(up, before)
        note(
            f"{CLIENTS} clients that never read 64 MiB each",
            f"others: 200; {held / CLIENTS / 1024:.0f} KiB held for each",
            "level as before, after they left",
            took,
        )
    until(lambda: metric(up, "turnout_streams_open") == "0")


def test_clients_that_vanish_in_the_middle_of_a_request_or_an_answer_leave_nothing_behind(up: System) -> None:
    assert served_by(up) == "llm"
    for before in rounds(up):
        clients = flooding(up, CLIENTS)
        for begun in (b"GET / HT", b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 999999\r\n\r\nabc") * CLIENTS:
            client = socket.create_connection(("127.0.0.1", up.gateway_port), timeout=20)
            client.sendall(begun)
            clients.append(client)
        for client in clients:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")  # a reset, no farewell
            client.close()
        assert served_by(up) == "llm"
        note("60 clients that vanish", "others: 200", "level as before", level_again(up, before))
    until(lambda: metric(up, "turnout_streams_open") == "0")


def test_five_thousand_idle_connections_stop_nobody_and_leave_nothing_behind(up: System) -> None:
    async def main() -> int:
        """How many bytes more the worker holds with all of them open."""
        writers: list[asyncio.StreamWriter] = []
        try:
            while len(writers) < IDLE:
                writers.append((await asyncio.open_connection("127.0.0.1", up.gateway_port))[1])
            async with asyncio.timeout(30):
                while level(up)["worker"].descriptors < IDLE:
                    await asyncio.sleep(0.05)
            assert await asyncio.to_thread(served_by, up) == "llm"
            return level(up)["worker"].memory - start
        finally:
            for writer in writers:
                writer.transport.abort()

    assert served_by(up) == "llm"
    start = level(up)["worker"].memory
    for before in rounds(up):
        held = asyncio.run(main())
        note(
            "5,000 idle connections",
            f"others: 200; {held / IDLE / 1024:.1f} KiB held for each",
            "level as before, after they left",
            level_again(up, before),
        )
