import asyncio
from collections.abc import Generator
from typing import Any

import pytest

from turnout.endpoints import Endpoint
from turnout.proxy import swapper as module
from turnout.proxy.swapper import Swapper
from turnout.table import ObjectRef, Pool, RoutingTable

TABLE = RoutingTable()
WITH_POOL = RoutingTable(
    pools={"default/new": Pool(ObjectRef("inference.networking.k8s.io", "InferencePool", "default", "new"))}
)


class Slow:
    """A state that builds each table in so many steps; `said` tells what happened in which order."""

    def __init__(self, steps: int, broken: int = 0) -> None:
        self.said: list[str] = []
        self.view: Any = type("View", (), {"version": 0})()
        self.endpoints: dict[str, tuple[Endpoint, ...]] = {}
        self._steps = steps
        self._broken = broken

    def swapping(self, table: RoutingTable, version: int) -> Generator[None, None, None]:
        self.said.append(f"begin {version}")
        for _ in range(self._steps):
            yield
        if version == self._broken:
            raise ValueError("no table")
        self.view.version = version


class Ticking:
    """A clock on which every look at it takes a millisecond."""

    def __init__(self) -> None:
        self._now = 0.0

    def __call__(self) -> float:
        self._now += 0.001
        return self._now


def swapper(state: Any) -> Swapper:
    loop = asyncio.get_running_loop()
    return Swapper(state, loop, lambda version: state.said.append(f"served {version}"), Ticking())


async def until(state: Slow, told: str) -> None:
    async with asyncio.timeout(10):
        while told not in state.said:
            await asyncio.sleep(0)


def test_a_small_change_is_served_at_once() -> None:
    async def check() -> None:
        state = Slow(steps=1)
        swapper(state).take(TABLE, 1)
        assert state.said == ["begin 1", "served 1"]

    asyncio.run(check())


def test_what_takes_long_is_built_while_the_loop_goes_on() -> None:
    async def check() -> None:
        state = Slow(steps=20)
        swapper(state).take(TABLE, 1)
        asyncio.get_running_loop().call_soon(state.said.append, "the loop")
        await until(state, "served 1")
        assert state.said == ["begin 1", "the loop", "served 1"]

    asyncio.run(check())


def test_of_the_versions_that_come_while_one_is_built_the_newest_is_built() -> None:
    async def check() -> None:
        state = Slow(steps=20)
        swaps = swapper(state)
        for version in (1, 2, 3, 4):
            swaps.take(TABLE, version)
        await until(state, "served 4")
        assert state.said == ["begin 1", "served 1", "begin 4", "served 4"]

    asyncio.run(check())


def test_a_table_that_cannot_be_built_is_logged_and_the_next_one_served(caplog: pytest.LogCaptureFixture) -> None:
    async def check() -> None:
        state = Slow(steps=20, broken=1)
        swaps = swapper(state)
        swaps.take(TABLE, 1)
        swaps.take(TABLE, 2)
        await until(state, "served 2")
        assert state.said == ["begin 1", "begin 2", "served 2"]

    asyncio.run(check())
    assert [record.getMessage() for record in caplog.records] == ["table 1 cannot be built: the one before stays"]


def endpoint(*, ready: bool, checked: float) -> Endpoint:
    return Endpoint("default/s", "127.0.0.1:1", 0, ready=ready, checked=checked)


def serving(state: Slow) -> Swapper:
    """One that serves its first table already."""
    swaps = swapper(state)
    swaps.take(TABLE, 1)
    return swaps


def test_a_table_with_a_new_pool_waits_until_somebody_has_looked_at_its_endpoints() -> None:
    async def check() -> None:
        state = Slow(steps=1)
        swaps = serving(state)
        swaps.take(WITH_POOL, 2)
        state.endpoints = {"default/new": (endpoint(ready=False, checked=0.0),)}
        swaps.look()
        assert state.said[-1] == "served 1"
        state.endpoints = {"default/new": (endpoint(ready=True, checked=5.0),)}
        swaps.look()
        assert state.said[-1] == "served 2"

    asyncio.run(check())


def test_a_new_pool_that_nobody_looks_at_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.01)

    async def check() -> None:
        state = Slow(steps=1)
        swaps = serving(state)
        swaps.take(WITH_POOL, 2)
        swaps.take(WITH_POOL, 3)
        await until(state, "served 3")
        swaps.take(WITH_POOL, 4)
        assert state.said[-1] == "served 4"

    asyncio.run(check())


def test_a_new_pool_without_endpoints_is_not_waited_for() -> None:
    async def check() -> None:
        state = Slow(steps=1)
        swaps = serving(state)
        state.endpoints = {"default/new": ()}
        swaps.take(WITH_POOL, 2)
        assert state.said[-1] == "served 2"

    asyncio.run(check())


def test_the_first_table_waits_for_nothing() -> None:
    async def check() -> None:
        state = Slow(steps=1)
        swapper(state).take(WITH_POOL, 1)
        assert state.said[-1] == "served 1"

    asyncio.run(check())
