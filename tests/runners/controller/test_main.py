"""The controller as a process, on the embedded API as a process."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import pytest

from tests.support.objects import ROUTES, gateway, gateway_class, namespace, pool, route
from tests.support.peers import Peer, until
from tests.support.real_api import RealApi
from turnout.kube.apply import apply_documents
from turnout.kube.client import Client

ROUTE = "default/route"


class Process:
    """The controller's process, which can be started anew."""

    def __init__(self, api: str, run: Path, log: TextIO) -> None:
        self._command = [sys.executable, "-m", "turnout.runners.controller", "--api", api, "--run", str(run)]
        self._log = log
        self._read, self._write = os.pipe()
        self.process = self.start()

    def start(self) -> "subprocess.Popen[bytes]":
        command = [*self._command, "--gateway-port", "8080", "--parent-fd", str(self._read)]
        self.process = subprocess.Popen(command, pass_fds=[self._read], stderr=self._log)
        return self.process

    def abandon(self) -> None:
        """The parent is gone."""
        os.close(self._write)
        self._write = -1

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._read)
        if self._write >= 0:
            os.close(self._write)


@contextmanager
def controller(api: RealApi, run: Path) -> Iterator[Process]:
    with (run / "controller.log").open("w") as log:
        started = Process(api.url, run, log)
        try:
            yield started
        finally:
            started.end()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A RUN of few enough characters for a Unix socket's path."""
    with tempfile.TemporaryDirectory(prefix="turnout-") as name:
        yield Path(name)


@pytest.fixture
def api(tmp_path: Path) -> Iterator[RealApi]:
    with RealApi(tmp_path / "state") as running:
        yield running


def check(api: RealApi, scenario: Callable[[Client], Awaitable[None]]) -> None:
    async def run() -> None:
        async with Client(api.url) as client:
            documents = [
                namespace(),
                gateway_class(),
                gateway(),
                pool("llm"),
                pool("llm-new"),
                route(llm=90, llm_new=10),
            ]
            outcomes = await apply_documents(client, documents)
            assert not [each.error for each in outcomes if each.error]
            await scenario(client)

    asyncio.run(run())


async def weigh(client: Client, llm: int, llm_new: int) -> int:
    """Writes weights; gives the resourceVersion."""
    (outcome,) = await apply_documents(client, [route(llm=llm, llm_new=llm_new)])
    assert outcome.outcome == "configured"
    return outcome.resource_version


async def observed(client: Client, generation: int) -> None:
    """Waits for the route's status of that generation."""
    seen = f"'observedGeneration': {generation}"

    async def look() -> None:
        while seen not in str((await client.get(ROUTES, "default", "route")).get("status")):
            await asyncio.sleep(0.01)

    await asyncio.wait_for(look(), 20)


@pytest.mark.e2e
def test_a_change_of_weights_reaches_the_worker_as_one_part_and_comes_back_as_a_status(
    api: RealApi, folder: Path
) -> None:
    async def scenario(client: Client) -> None:
        with controller(api, folder):
            async with Peer(folder, "worker", 0) as worker, Peer(folder, "parent") as parent:
                await until(lambda: worker.weights(ROUTE) == {"llm": 90, "llm-new": 10})
                await observed(client, 1)
                version = worker.version
                written = await weigh(client, 50, 50)
                await until(lambda: worker.weights(ROUTE) == {"llm": 50, "llm-new": 50})
                assert worker.swaps[-1][1] == ("route/default/route",)
                assert worker.version > version
                await observed(client, 2)
                await until(lambda: parent.programmed.resource_version >= written)
                assert parent.programmed.workers == (0,)
                assert len(worker.swaps) == 2

    check(api, scenario)


@pytest.mark.e2e
def test_statuses_that_are_written_are_kept_as_written(api: RealApi, folder: Path) -> None:
    async def scenario(client: Client) -> None:
        with controller(api, folder):
            async with Peer(folder, "worker", 0), Peer(folder, "parent") as parent:
                await observed(client, 1)
                settled = int((await client.list(ROUTES)).resource_version)
                await until(lambda: parent.programmed.resource_version >= settled)
                made = (await apply_documents(client, [namespace("more")]))[0].resource_version
                await until(lambda: parent.programmed.resource_version >= made)
                assert made == int((await client.list(ROUTES)).resource_version)

    check(api, scenario)


@pytest.mark.e2e
def test_the_api_killed_and_started_again_loses_nothing(api: RealApi, folder: Path) -> None:
    async def scenario(client: Client) -> None:
        with controller(api, folder):
            async with Peer(folder, "worker", 0) as worker:
                await until(lambda: worker.weights(ROUTE) == {"llm": 90, "llm-new": 10})
                for weight in (1, 2, 3):
                    await weigh(client, weight, 100)
                    await asyncio.to_thread(api.kill)
                    assert not worker.gone
                    await asyncio.to_thread(api.start)
                    await until(lambda weight=weight: worker.weights(ROUTE)["llm"] == weight)  # type: ignore[misc]
                await observed(client, 4)
                assert all(not version.whole for version, _ in worker.swaps[1:])

    check(api, scenario)


@pytest.mark.e2e
def test_a_controller_killed_and_started_again_resends_the_whole_table(api: RealApi, folder: Path) -> None:
    async def scenario(client: Client) -> None:
        with controller(api, folder) as process:
            async with Peer(folder, "worker", 0) as worker:
                await until(lambda: worker.swaps)
                process.process.kill()
                process.process.wait()
                await until(lambda: worker.gone)
            await weigh(client, 7, 3)
            process.start()
            async with Peer(folder, "worker", 0) as again:
                await until(lambda: again.weights(ROUTE) == {"llm": 7, "llm-new": 3})
                assert again.swaps[0][0].whole
                assert again.swaps[0][0].version > worker.version

    check(api, scenario)


@pytest.mark.e2e
@pytest.mark.parametrize("how", ["SIGTERM", "parent"])
def test_it_ends_when_it_is_told_or_alone(api: RealApi, folder: Path, how: str) -> None:
    async def scenario(client: Client) -> None:
        with controller(api, folder) as process:
            async with Peer(folder, "worker", 0) as worker:
                await until(lambda: worker.swaps)
                if how == "SIGTERM":
                    process.process.send_signal(signal.SIGTERM)
                else:
                    process.abandon()
                assert await asyncio.to_thread(process.process.wait, 20) == 0
                await until(lambda: worker.gone)
            assert "Traceback" not in (folder / "controller.log").read_text()

    check(api, scenario)
