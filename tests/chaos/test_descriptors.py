"""A worker without descriptors: it neither spins nor dies, and takes up again when they return."""

import asyncio
import resource
import time
from collections import Counter
from collections.abc import Iterator

import psutil
import pytest

from tests.support.chaos import ROUNDS, level, level_again, note, served_by, written
from tests.support.sim import Sim
from tests.support.system import System, system, until

pytestmark = pytest.mark.e2e

WAITING = 100


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
        await asyncio.sleep(2.0)  # what it does in the meantime is what is measured
        busy = (sum(worker.cpu_times()[:2]) - sum(used[:2])) / (time.monotonic() - began)
        worker.rlimit(resource.RLIMIT_NOFILE, (most, most))
        began = time.monotonic()
        async with asyncio.timeout(30):
            assert await code(up.gateway_port) == "200"
            took = time.monotonic() - began
            return Counter(await asyncio.gather(*asked)), busy, took

    before = level(up)
    for _ in range(ROUNDS):
        saw, busy, took = asyncio.run(main())
        assert worker.is_running()
        assert worker.status() != psutil.STATUS_ZOMBIE
        assert busy < 0.5, f"the worker spins: {busy:.0%} of a core"
        # libuv takes what waits and closes it, without a byte: safe to ask again, and no queue that nobody empties.
        assert saw.keys() <= {"200", "503", "closed"}, saw
        shown = ", ".join(f"{count} x {what}" for what, count in sorted(saw.items()))
        note(f"no descriptor left for {WAITING} clients", f"{shown}; worker at {busy:.0%} of a core", "answers", took)
    level_again(up, before)
