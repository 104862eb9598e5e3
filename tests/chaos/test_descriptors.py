"""More clients than a worker has descriptors for: they are told so; with none left at all it neither spins nor dies."""

import asyncio
import resource
import signal
import time
from collections import Counter
from collections.abc import Iterator

import psutil
import pytest

from tests.support.chaos import note, rounds, served_by, written
from tests.support.sim import Sim
from tests.support.system import System, system, until

pytestmark = pytest.mark.e2e

WAITING = 100
NARROW = 512
"""Descriptors of a worker that so many clients are too many for."""
LIMIT = 128
"""Clients' connections of such a worker: see `connection_limit`."""


@pytest.fixture
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    folder = tmp_path_factory.mktemp("descriptors")
    with Sim("m") as server:
        objects = written(folder, {"llm": [server.port]}, llm=1)
        with system(folder, "--workers", "1", "-f", str(objects)) as running:
            until(lambda: served_by(running) == "llm")
            yield running


async def code(port: int) -> str:
    """The status of one request; why there was none."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /v1/models HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        try:
            return (await reader.readexactly(12))[9:].decode()
        finally:
            writer.transport.abort()
    except asyncio.IncompleteReadError:
        return "closed"
    except ConnectionError:
        return "connection broken"


def test_a_worker_without_descriptors_neither_spins_nor_dies_and_serves_when_they_return(up: System) -> None:
    worker = up.child("worker")
    _, most = worker.rlimit(resource.RLIMIT_NOFILE)

    async def main() -> tuple[Counter[str], float, float]:
        worker.rlimit(resource.RLIMIT_NOFILE, (worker.num_fds() + 4, most))
        asked = [asyncio.create_task(code(up.gateway_port)) for _ in range(WAITING)]
        used, began = worker.cpu_times(), time.monotonic()
        await asyncio.sleep(1.0)  # what it does in the meantime is what is measured
        busy = (sum(worker.cpu_times()[:2]) - sum(used[:2])) / (time.monotonic() - began)
        worker.rlimit(resource.RLIMIT_NOFILE, (most, most))
        began = time.monotonic()
        async with asyncio.timeout(30):
            assert await code(up.gateway_port) == "200"
            took = time.monotonic() - began
            return Counter(await asyncio.gather(*asked)), busy, took

    for _ in rounds(up):
        saw, busy, took = asyncio.run(main())
        assert worker.is_running()
        assert worker.status() != psutil.STATUS_ZOMBIE
        assert busy < 0.5, f"the worker spins: {busy:.0%} of a core"
        # libuv takes what waits and closes it, without a byte: safe to ask again, and no queue that nobody empties.
        assert saw.keys() <= {"200", "503", "closed"}, saw
        shown = ", ".join(f"{count} x {what}" for what, count in sorted(saw.items()))
        note(f"no descriptor left for {WAITING} clients", f"{shown}; worker at {busy:.0%} of a core", "answers", took)


def narrowed(up: System) -> None:
    """The workers are renewed with NARROW descriptors each."""
    parent, old = psutil.Process(up.process.pid), up.child("worker").pid
    parent.rlimit(resource.RLIMIT_NOFILE, (NARROW, NARROW))
    parent.send_signal(signal.SIGHUP)
    until(lambda: not psutil.pid_exists(old) and served_by(up) == "llm")


async def asked(opened: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> str:
    """The code and the reason of one more request on a connection."""
    reader, writer = opened
    writer.write(b"GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n")
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
    await reader.readexactly(int(fields["content-length"]))
    return f"{head[9:12]} {fields.get('x-turnout-reason', '')}".strip()


def test_clients_beyond_the_limit_are_told_to_come_back_and_the_others_are_served(up: System) -> None:
    narrowed(up)

    async def main() -> tuple[Counter[str], float]:
        async with asyncio.timeout(60):
            opened = [await asyncio.open_connection("127.0.0.1", up.gateway_port) for _ in range(LIMIT)]
            try:
                assert Counter([await asked(each) for each in opened]) == {"200": LIMIT}
                opened += [await asyncio.open_connection("127.0.0.1", up.gateway_port) for _ in range(WAITING)]
                saw = Counter(await asyncio.gather(*map(asked, opened[LIMIT:])))
                assert Counter([await asked(each) for each in opened[:LIMIT]]) == {"200": LIMIT}
            finally:
                for _, writer in opened:
                    writer.transport.abort()
            began = time.monotonic()
            while await code(up.gateway_port) != "200":
                await asyncio.sleep(0.01)
            return saw, time.monotonic() - began

    assert served_by(up) == "llm"
    for _ in rounds(up):
        saw, took = asyncio.run(main())
        assert saw == {"429 saturated": WAITING}, saw
        shown = f"{LIMIT} within it: 200; beyond: {WAITING} x 429 saturated"
        note(f"{WAITING} clients more than a worker's limit of connections", shown, "answers, after they left", took)
