"""Websockets through a real gateway: a real client and a real server talk while weights move and the gateway ends."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import aiohttp
import pytest

from tests.support.realtime import Realtime
from tests.support.system import System, system, until
from turnout.kube.client import Client
from turnout.runners.demo.scenario import manifests, route
from turnout.store import ApiResource

pytestmark = pytest.mark.e2e

ROUTES = ApiResource("gateway.networking.k8s.io", "v1", "httproutes", "HTTPRoute", namespaced=True)


class Stage(NamedTuple):
    """A gateway over two pools of one server each, all of the traffic on `llm`."""

    up: System
    llm: Realtime
    new: Realtime


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Realtime("llm") as llm, Realtime("llm-new") as new:
        manifest = tmp_path / "demo.yaml"
        manifest.write_text(manifests({"llm": [llm.port], "llm-new": [new.port]}, (100, 0)))
        with system(tmp_path, "--workers", "1", "-f", str(manifest)) as up:
            until(lambda: asyncio.run(status(up)) == 200)
            yield Stage(up, llm, new)


async def status(up: System) -> int:
    """What the gateway answers while the servers are found."""
    async with aiohttp.ClientSession() as session, session.get(f"{up.gateway}/health") as answer:
        return answer.status


@asynccontextmanager
async def talk(up: System) -> AsyncIterator[tuple[aiohttp.ClientWebSocketResponse, str]]:
    """A websocket, and who is at its other end."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{up.gateway}/v1/realtime?model=m", protocols=["realtime"], max_msg_size=0) as opened,
    ):
        assert opened.protocol == "realtime"
        yield opened, await opened.receive_str(timeout=20)


async def says(opened: aiohttp.ClientWebSocketResponse, text: str) -> bool:
    """Whether what is said comes back."""
    await opened.send_str(text)
    return await opened.receive_str(timeout=20) == text


async def move(up: System, weights: tuple[int, int]) -> None:
    """Moves the weights, and returns when every worker serves them."""
    async with Client(up.api) as client:
        patched = await client.patch(ROUTES, "default", "routes-to-llm", {"spec": route(weights)["spec"]})
        async with asyncio.timeout(20):
            while True:
                document = await client.get(ROUTES, "default", "routes-to-llm")
                parents = document.get("status", {}).get("parents", ())
                seen = {each["observedGeneration"] for parent in parents for each in parent["conditions"]}
                if seen == {patched["metadata"]["generation"]}:
                    return
                await asyncio.sleep(0.02)


def test_a_websocket_lives_on_while_its_pool_loses_all_of_the_traffic_and_gets_it_back(stage: Stage) -> None:
    async def main() -> None:
        async with talk(stage.up) as (old, name):
            assert name == "llm"
            await move(stage.up, (0, 100))
            assert await says(old, "still here")
            async with talk(stage.up) as (new, other):
                assert other == "llm-new"
                await move(stage.up, (100, 0))
                assert await says(new, "rolled back, and still here")
                assert await says(old, "x" * 2_000_000)
                await new.send_bytes(bytes(range(256)) * 4096)
                assert await new.receive_bytes(timeout=20) == bytes(range(256)) * 4096
            async with talk(stage.up) as (_, last):
                assert last == "llm"

    asyncio.run(main())
    until(lambda: stage.llm.closed == [1000, 1000])
    assert stage.new.closed == [1000]


def test_a_websocket_is_drained_when_the_gateway_ends(stage: Stage) -> None:
    async def main() -> None:
        async with talk(stage.up) as (opened, _):
            stage.up.process.terminate()
            await drains(stage.up)
            assert await says(opened, "last words")

    asyncio.run(main())
    assert stage.up.process.wait(60) == 0
    assert stage.llm.closed == [1000]


async def drains(up: System) -> None:
    """Returns once a worker waits for what is open to end."""
    async with asyncio.timeout(20):
        while "draining 1 connections" not in up.log.read_text():
            await asyncio.sleep(0.02)


def test_a_request_that_is_not_switched_is_answered_as_the_server_answers(stage: Stage) -> None:
    async def main() -> tuple[int, str]:
        async with aiohttp.ClientSession() as session:
            headers = {"Connection": "upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "12"}
            async with session.get(f"{stage.up.gateway}/v1/realtime", headers=headers) as answer:
                return answer.status, answer.headers["x-turnout-pool"]

    assert asyncio.run(main()) == (400, "llm")
