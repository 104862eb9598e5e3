"""Files that are followed, with files that only the test knows."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support.objects import POOLS, namespace, pool
from tests.support.real_api import RealApi
from turnout.kube.apply import apply_documents
from turnout.kube.client import Client
from turnout.kube.pruning import marked
from turnout.runners import following
from turnout.runners.following import Following, Reading

Document = dict[str, Any]


class Written:
    """Files that hold what `hold` was given last."""

    sources: Sequence[str] = ("/files",)

    def __init__(self) -> None:
        self.reading = Reading((), ())
        self.reads = 0

    def hold(self, *documents: Document, faults: tuple[str, ...] = ()) -> None:
        known = tuple(marked(each, "/files") for each in documents)
        self.reading = Reading(known, tuple(f"f:{number}" for number in range(len(known))), faults)

    def stamp(self) -> object:
        return id(self.reading)

    def read(self) -> Reading:
        self.reads += 1
        return self.reading


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "PAUSE", 0.01)
    monkeypatch.setattr(following, "AGAIN", 0.05)


@pytest.fixture
def api() -> Iterator[RealApi]:
    with RealApi() as running:
        yield running


class Stage:
    """Files, and the API that follows them."""

    def __init__(self, api: RealApi, files: Written) -> None:
        self.api = api
        self.files = files

    async def pools(self) -> set[str]:
        async with Client(self.api.url) as client:
            return {each["metadata"]["name"] for each in (await client.list(POOLS)).items}

    async def until_pools(self, *names: str) -> None:
        async with asyncio.timeout(20):
            while await self.pools() != set(names):
                await asyncio.sleep(0.02)


def follow(api: RealApi, scene: "Callable[[Stage], Any]") -> None:
    async def run() -> None:
        stage = Stage(api, Written())
        async with Client(api.url) as client:
            await apply_documents(client, [namespace(), pool("mine")])
        task = asyncio.create_task(Following(stage.files, lambda: Client(api.url), stage.files.stamp()).run())
        try:
            await scene(stage)
        finally:
            task.cancel()
            await asyncio.wait([task])
        assert task.cancelled()

    asyncio.run(run())


def test_objects_come_and_go_with_the_files(api: RealApi) -> None:
    async def scene(stage: Stage) -> None:
        stage.files.hold(pool("a"), pool("b"))
        await stage.until_pools("a", "b", "mine")
        stage.files.hold(pool("b"))
        await stage.until_pools("b", "mine")
        stage.files.hold()
        await stage.until_pools("mine")

    follow(api, scene)


def test_what_does_not_change_is_not_read_again(api: RealApi) -> None:
    async def scene(stage: Stage) -> None:
        stage.files.hold(pool("a"))
        await stage.until_pools("a", "mine")
        reads = stage.files.reads
        for _ in range(10):
            await asyncio.sleep(following.PAUSE)
        assert stage.files.reads == reads == 1

    follow(api, scene)


def test_a_fault_keeps_everything(api: RealApi, caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("turnout").propagate = True

    async def scene(stage: Stage) -> None:
        stage.files.hold(pool("a"), pool("b"))
        await stage.until_pools("a", "b", "mine")
        stage.files.hold(pool("c"), faults=("x.yaml:3: bad YAML",))
        await stage.until_pools("a", "b", "c", "mine")
        stage.files.hold(pool("c"), {**pool("d"), "spec": {}})
        async with asyncio.timeout(20):
            while "f:1: inferencepool.inference.networking.k8s.io/d: " not in caplog.text:
                await asyncio.sleep(0.02)
        assert await stage.pools() == {"a", "b", "c", "mine"}

    follow(api, scene)
    assert "x.yaml:3: bad YAML" in caplog.text


def test_an_api_that_is_away_is_asked_again(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        stage.api.kill()
        stage.files.hold(pool("a"))
        async with asyncio.timeout(20):
            while not stage.files.reads:
                await asyncio.sleep(0.01)
        await asyncio.to_thread(stage.api.start)
        await stage.until_pools("a", "mine")

    with RealApi(tmp_path) as api:
        follow(api, scene)
