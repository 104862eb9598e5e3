"""Workers are renewed, drained and killed under load: what clients see of it."""

import asyncio
import os
import signal
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import psutil
import pytest

from tests.support.clients import Seen, Stream, ask, stream
from tests.support.sim import Sim
from tests.support.system import System, system, until
from turnout.runners.demo.scenario import manifests

pytestmark = pytest.mark.e2e

WIDE = 8
"""Clients that ask all the time."""


@contextmanager
def serving(folder: Path, workers: int) -> Iterator[System]:
    """A gateway over two pools of two slow servers each."""
    with (
        Sim("m", count=2, faults=["slow-decode=4"]) as llm,
        Sim("m", count=2, faults=["slow-decode=4"]) as new,
    ):
        manifest = folder / "demo.yaml"
        manifest.write_text(manifests({"llm": llm.ports, "llm-new": new.ports}, (50, 50)))
        with system(folder, "--workers", str(workers), "-f", str(manifest)) as up:
            until(lambda: asyncio.run(once(up)).code == 200)
            yield up


async def once(up: System) -> Seen:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
        return await ask(session, f"{up.gateway}/v1/models")


def workers(up: System) -> set[int]:
    children = psutil.Process(up.process.pid).children()
    return {each.pid for each in children if each.is_running() and "turnout.runners.worker" in each.cmdline()}


class Load:
    """Clients that ask one request after the other: half of them on kept connections, half each time on a new one."""

    def __init__(self, up: System) -> None:
        self.seen: list[Seen] = []
        self._up = up
        self._over = asyncio.Event()
        self._tasks = [asyncio.create_task(self._ask(kept=number % 2 == 0)) for number in range(WIDE)]

    async def _ask(self, *, kept: bool) -> None:
        connector = aiohttp.TCPConnector(force_close=not kept)
        limit = aiohttp.ClientTimeout(total=30)
        async with aiohttp.ClientSession(connector=connector, timeout=limit) as session:
            while not self._over.is_set():
                self.seen.append(await ask(session, f"{self._up.gateway}/v1/models"))
                await asyncio.sleep(0.005)

    async def end(self) -> Counter[tuple[int, str]]:
        """What they saw: codes, and faults of those that got no answer."""
        self._over.set()
        await asyncio.gather(*self._tasks)
        return Counter((each.code, each.fault) for each in self.seen)


async def opened(session: aiohttp.ClientSession, up: System, count: int, tokens: int) -> "list[asyncio.Task[Stream]]":
    """So many streams, each with its first byte there."""
    first: asyncio.Queue[str] = asyncio.Queue()
    tasks = [asyncio.create_task(stream(session, up.gateway, tokens, first)) for _ in range(count)]
    for _ in tasks:
        await first.get()
    return tasks


@pytest.mark.parametrize("count", [1, 2])
def test_a_renewal_of_all_workers_loses_nothing(tmp_path: Path, count: int) -> None:
    async def main(up: System, old: set[int]) -> None:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            streams = await opened(session, up, 50, 150)
            load = Load(up)
            up.process.send_signal(signal.SIGHUP)
            async with asyncio.timeout(40):
                while "the workers are renewed" not in up.log.read_text():
                    await asyncio.sleep(0.05)
            assert not all(each.done() for each in streams), "no stream was open: it proved nothing"
            late = await opened(session, up, 10, 5)
            seen = await asyncio.gather(*streams, *late)
            assert [each for each in seen if not each.whole] == []
            async with asyncio.timeout(40):
                while workers(up) & old:
                    await asyncio.sleep(0.05)
            saw = await load.end()
            assert saw.keys() == {(200, "")}, saw
            assert saw.total() > 100

    with serving(tmp_path, count) as up:
        old = workers(up)
        asyncio.run(main(up, old))
        assert len(workers(up)) == count
        assert "starting it again" not in up.log.read_text()


def test_a_worker_that_is_told_to_is_renewed_alone(tmp_path: Path) -> None:
    async def main(up: System, victim: int) -> None:
        load = Load(up)
        os.kill(victim, signal.SIGHUP)
        async with asyncio.timeout(40):
            while victim in workers(up):
                await asyncio.sleep(0.05)
        saw = await load.end()
        assert saw.keys() == {(200, "")}, saw

    with serving(tmp_path, 2) as up:
        old = workers(up)
        victim = min(old)
        asyncio.run(main(up, victim))
        assert len(workers(up)) == 2
        assert old - workers(up) == {victim}


def test_the_system_ends_with_every_open_stream_and_kept_connection_served(tmp_path: Path) -> None:
    async def kept(up: System, over: asyncio.Event) -> list[bytes]:
        """What one client got that asks on its connection until it is told that it closes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", up.gateway_port)
        heads = []
        while True:
            writer.write(b"GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            (length,) = (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(length)
            heads.append(head.lower())
            if b"connection: close" in heads[-1]:
                assert await reader.read() == b""
                writer.close()
                return heads
            assert not over.is_set(), "the gateway ended without a word"
            await asyncio.sleep(0.02)

    async def main(up: System) -> None:
        over = asyncio.Event()
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            streams = await opened(session, up, 100, 60)
            clients = [asyncio.create_task(kept(up, over)) for _ in range(20)]
            await asyncio.sleep(0.2)
            up.process.send_signal(signal.SIGTERM)
            heads = await asyncio.gather(*clients)
            assert {head.split(b" ")[1] for each in heads for head in each} == {b"200"}
            assert not all(each.done() for each in streams), "no stream was open: it proved nothing"
            with pytest.raises(OSError, match="Connect call failed"):
                await asyncio.open_connection("127.0.0.1", up.gateway_port)
            seen = await asyncio.gather(*streams)
            assert [each for each in seen if not each.whole] == []
            over.set()

    with serving(tmp_path, 2) as up:
        asyncio.run(main(up))
        assert up.process.wait(30) == 0


@pytest.mark.parametrize("count", [1, 2])
def test_a_killed_worker_takes_only_the_requests_with_it_that_it_served(tmp_path: Path, count: int) -> None:
    async def fresh(up: System) -> Seen:
        return await once(up)

    async def main(up: System, victim: psutil.Process) -> None:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            streams = await opened(session, up, 40, 60)
            port = up.gateway_port
            held = {each.raddr.port for each in victim.net_connections("tcp") if each.laddr.port == port and each.raddr}
            os.kill(victim.pid, signal.SIGKILL)
            after = [await asyncio.gather(*(fresh(up) for _ in range(8))) for _ in range(15)]
            seen = await asyncio.gather(*streams)
            assert Counter((each.code, each.fault) for some in after for each in some).keys() == {(200, "")}
            assert 0 < sum(not each.whole for each in seen) <= len(held)
            assert all(each.fault for each in seen if not each.whole), "a stream ended as if it were whole"

    with serving(tmp_path, count) as up:
        asyncio.run(main(up, up.child("worker")))
        until(lambda: len(workers(up)) == count)


def test_with_no_worker_left_connections_wait_for_the_next_one(tmp_path: Path) -> None:
    with serving(tmp_path, 1) as up:
        (victim,) = workers(up)
        os.kill(victim, signal.SIGKILL)
        with socket.create_connection(("127.0.0.1", up.gateway_port), timeout=20) as waiting:
            waiting.sendall(b"GET /v1/models HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            assert waiting.recv(12) == b"HTTP/1.1 200"
