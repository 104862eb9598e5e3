"""Rollouts in the controller, with objects in memory and everything around played by the test."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.objects import RESOURCES, ROUTES
from tests.support.rollout_stage import Scraper, Traffic, rollout, scraper, setting, traffic
from turnout.runners.controller.controller import Controller
from turnout.store.memory import Memory

Document = dict[str, Any]
ROLLOUTS, EVENTS = RESOURCES["InferenceRollout"], RESOURCES["Event"]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A RUN of few enough characters for a Unix socket's path."""
    with tempfile.TemporaryDirectory(prefix="turnout-") as name:
        yield Path(name)


class Stage:
    def __init__(self, store: Memory, run: Path, scraper: Scraper) -> None:
        self.store = store
        self.run = run
        self.scraper = scraper

    async def create(self, document: Document) -> Document:
        return await self.store.create(ROLLOUTS, "default", document)

    async def get(self, name: str = "r") -> Document:
        return await self.store.get(ROLLOUTS, "default", name)

    async def status(self, condition: Callable[[Document], object], name: str = "r") -> Document:
        """The rollout's status once `condition` holds of it."""
        seen: Document = {}
        end = asyncio.get_running_loop().time() + 20.0
        while not (seen and condition(seen)):
            assert asyncio.get_running_loop().time() < end, f"never: {brief(seen)}"
            await asyncio.sleep(0.01)
            seen = (await self.get(name)).get("status") or {}
        return seen

    async def events(self) -> list[str]:
        found = (await self.store.list(EVENTS, "default")).items
        return [one["reason"] for one in sorted(found, key=lambda each: each["metadata"]["name"].rpartition(".")[2])]


def brief(status: Document) -> Document:
    return {key: value for key, value in status.items() if key not in ("engine", "controller", "conditions")}


@asynccontextmanager
async def controller(store: Any, run: Path) -> AsyncIterator[Controller]:
    running = Controller(store, run, ("127.0.0.1", 8080))
    task = asyncio.create_task(running.run())
    try:
        yield running
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def check(folder: Path, scenario: Callable[[Stage, Traffic], Awaitable[None]]) -> None:
    async def run() -> None:
        store = Memory()
        for document in setting():
            await store.create(
                RESOURCES[document["kind"]], "default" if RESOURCES[document["kind"]].namespaced else "", document
            )
        async with scraper(folder) as played, controller(store, folder), traffic(folder) as worker:
            await scenario(Stage(store, folder, played), worker)

    asyncio.run(run())


def test_a_good_candidate_is_promoted(folder: Path) -> None:
    async def scenario(stage: Stage, worker: Traffic) -> None:
        await stage.create(rollout())
        status = await stage.status(lambda now: now.get("completionStatus"))
        assert (status["phase"], status["completionStatus"]) == ("Healthy", "Promoted")
        assert worker.seen == [10, 50, 100]
        assert (await stage.store.get(ROUTES, "default", "route"))["metadata"]["generation"] == 1

    check(folder, scenario)
