"""The scraper as a process."""

import asyncio
import os
import resource
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support.model_servers import ModelServer
from tests.support.peers import until
from turnout.channels import Decoder, EndpointStates, Hello, Member, Membership, encode
from turnout.channels.inflight import InflightFile

pytestmark = pytest.mark.e2e


class Run:
    """A RUN folder with a controller that tells `membership`, and a worker that keeps what it is told."""

    def __init__(self, folder: Path, membership: Membership) -> None:
        self.folder = folder
        self.membership = membership
        self.told: list[EndpointStates] = []
        self.lines: list[asyncio.StreamWriter] = []
        self.server: asyncio.Server | None = None
        self.process: asyncio.subprocess.Process | None = None

    async def start_controller(self) -> None:
        (self.folder / "controller.sock").unlink(missing_ok=True)
        self.server = await asyncio.start_unix_server(self._serve, self.folder / "controller.sock")

    def stop_controller(self) -> None:
        assert self.server is not None
        self.server.close()
        for line in self.lines:
            line.close()
        self.lines.clear()

    async def start(self, *arguments: str, descriptors: tuple[int, ...] = ()) -> None:
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "turnout.runners.scraper", "--run", str(self.folder), *arguments, pass_fds=descriptors
        )

    async def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(number)
        return await self.process.wait()

    def ready(self, address: str) -> bool:
        pools = self.told[-1].pools if self.told else {}
        return any(each.ready and each.address == address for pool in pools.values() for each in pool)

    async def _serve(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.lines.append(writer)
        writer.write(encode(self.membership))

    async def listen(self) -> None:
        while True:
            try:
                reader, writer = await asyncio.open_unix_connection(self.folder / "scraper.sock")
            except OSError:
                await asyncio.sleep(0.01)
                continue
            try:
                writer.write(encode(Hello("worker", os.getpid(), 0)))
                decoder = Decoder()
                while data := await reader.read(65536):
                    self.told += [each for each in decoder.feed(data) if isinstance(each, EndpointStates)]
            except ConnectionError:
                continue
            finally:
                writer.close()


@asynccontextmanager
async def running(folder: Path, *servers: ModelServer) -> AsyncIterator[Run]:
    InflightFile.create(folder / "inflight", 2).close()
    members = tuple(Member(f"ns/m{i}", each.address) for i, each in enumerate(servers))
    run = Run(folder, Membership({"ns/p": members}))
    await run.start_controller()
    listening = asyncio.create_task(run.listen())
    try:
        yield run
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        run.stop_controller()
        if run.process is not None:
            await run.end(signal.SIGKILL)


def test_a_worker_hears_of_a_server_that_dies_and_comes_back(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ModelServer() as server, running(tmp_path, server) as run:
            await run.start()
            await until(lambda: run.ready(server.address), "ready")
            await server.kill()
            await until(lambda: not run.ready(server.address), "not ready")
            await server.start()
            await until(lambda: run.ready(server.address), "ready again")

    asyncio.run(scenario())


def test_the_last_membership_holds_while_the_controller_is_away(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ModelServer() as one, ModelServer() as two, running(tmp_path, one) as run:
            await run.start()
            await until(lambda: run.ready(one.address), "ready")
            run.stop_controller()
            await one.kill()
            await until(lambda: not run.ready(one.address), "not ready")
            await one.start()
            await until(lambda: run.ready(one.address), "ready again")
            run.membership = Membership({"ns/p": (Member("ns/m1", two.address),)})
            await run.start_controller()
            await until(lambda: run.ready(two.address), "the new membership")

    asyncio.run(scenario())


def test_a_scraper_that_starts_anew_takes_nothing_out_and_keeps_the_rows(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ModelServer() as one, ModelServer() as two, running(tmp_path, one, two) as run:
            await run.start()
            await until(lambda: run.ready(one.address) and run.ready(two.address), "ready")
            rows = [each.slot for each in run.told[-1].pools["ns/p"]]
            await run.end(signal.SIGKILL)
            told = len(run.told)
            await run.start()
            await until(lambda: len(run.told) > told + 1, "news of the second")
            assert all(each.ready for states in run.told[told:] for each in states.pools["ns/p"])
            assert [each.slot for each in run.told[-1].pools["ns/p"]] == rows

    asyncio.run(scenario())


def test_sigterm_ends_it_with_0(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ModelServer() as server, running(tmp_path, server) as run:
            await run.start()
            await until(lambda: run.ready(server.address), "ready")
            assert await run.end() == 0

    asyncio.run(scenario())


def test_the_end_of_the_parent_ends_it_with_0(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ModelServer() as server, running(tmp_path, server) as run:
            theirs, ours = os.pipe()
            await run.start("--parent-fd", str(theirs), descriptors=(theirs,))
            os.close(theirs)
            await until(lambda: run.ready(server.address), "ready")
            os.close(ours)
            assert run.process is not None
            async with asyncio.timeout(20):
                assert await run.process.wait() == 0

    asyncio.run(scenario())


def test_without_a_file_of_requests_in_flight_it_ends_with_1(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as run:
            (tmp_path / "inflight").write_bytes(b"nonsense")
            await run.start()
            assert run.process is not None
            async with asyncio.timeout(20):
                assert await run.process.wait() == 1

    asyncio.run(scenario())


def test_only_its_user_may_open_the_socket(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as run:
            await run.start()
            path = tmp_path / "scraper.sock"
            await until(path.exists, "the socket")
            assert path.stat().st_mode & 0o777 == 0o600

    asyncio.run(scenario())


def test_it_may_open_as_many_connections_as_the_system_allows(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as run:
            soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, hard - 1), hard))
            try:
                await run.start()
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            await until((tmp_path / "scraper.sock").exists, "the socket")
            assert run.process is not None
            assert resource.prlimit(run.process.pid, resource.RLIMIT_NOFILE) == (hard, hard)

    asyncio.run(scenario())
