"""Traffic moves between pools while streams are open, pools die and come back, and a worker is killed."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import aiohttp
import psutil
import pytest

from tests.support.clients import Seen, Stream, ask, now, stream
from tests.support.sim import Sim
from tests.support.system import System, system, until
from turnout.kube.client import Client
from turnout.runners.demo.scenario import manifests, route
from turnout.store import ApiResource

pytestmark = pytest.mark.e2e

ROUTES = ApiResource("gateway.networking.k8s.io", "v1", "httproutes", "HTTPRoute", namespaced=True)
Pools = tuple[System, Sim, Sim]


@pytest.fixture
def pools(tmp_path: Path) -> Iterator[Pools]:
    """A gateway of two workers over `llm` and `llm-new`, two servers each, at 90/10; all of them ready."""
    with ExitStack() as stack:
        llm = stack.enter_context(Sim("m", count=2, faults=["slow-decode=4"]))
        new = stack.enter_context(Sim("m", count=2, faults=["slow-decode=4"]))
        manifest = tmp_path / "demo.yaml"
        manifest.write_text(manifests({"llm": llm.ports, "llm-new": new.ports}, (90, 10)))
        up = stack.enter_context(system(tmp_path, "--workers", "2", "-f", str(manifest)))
        until(lambda: {each.pool for each in gets(up, 30) if each.code == 200} == {"llm", "llm-new"})
        yield up, llm, new


def gets(up: System, count: int, wide: int = 16) -> list[Seen]:
    """`count` keyless requests, `wide` at a time, each with a limit so that one that hangs is seen."""

    async def main() -> list[Seen]:
        limit = aiohttp.ClientTimeout(total=20)
        connector = aiohttp.TCPConnector(limit=wide)
        async with aiohttp.ClientSession(connector=connector, timeout=limit) as session:
            return await asyncio.gather(*(ask(session, f"{up.gateway}/v1/models") for _ in range(count)))

    return asyncio.run(main())


async def write(client: Client, weights: tuple[int, int]) -> None:
    """Writes the weights and returns when the status says that every worker serves them."""
    patched = await client.patch(ROUTES, "default", "routes-to-llm", {"spec": route(weights)["spec"]})
    generation = patched["metadata"]["generation"]
    async with asyncio.timeout(20):
        while True:
            document = await client.get(ROUTES, "default", "routes-to-llm")
            parents = document.get("status", {}).get("parents", ())
            seen = {each["observedGeneration"] for parent in parents for each in parent["conditions"]}
            if seen == {generation}:
                return
            await asyncio.sleep(0.01)


def test_200_open_streams_survive_every_move_of_the_weights(pools: Pools) -> None:
    up, _, _ = pools

    async def main() -> list[Stream]:
        opened: asyncio.Queue[str] = asyncio.Queue()
        async with (
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session,
            Client(up.api) as client,
        ):
            tasks: list[asyncio.Task[Stream]] = []
            for weights in ((90, 10), (50, 50), (0, 100), (100, 0)):
                await write(client, weights)
                tasks += [asyncio.create_task(stream(session, up.gateway, 250, opened)) for _ in range(50)]
                first = [await opened.get() for _ in range(50)]
                expected = 50 * weights[1] / sum(weights)
                assert abs(Counter(first)["llm-new"] - expected) <= 4, (weights, Counter(first))
            assert all(not each.done() for each in tasks), "a stream ended before the last move: it proved nothing"
            return await asyncio.gather(*tasks)

    seen = asyncio.run(main())

    assert len(seen) == 200
    assert [each for each in seen if not each.whole] == []


def test_a_dead_pool_costs_exactly_its_share_and_comes_back(pools: Pools) -> None:
    up, _, new = pools
    new.kill()

    seen = gets(up, 400)

    assert Counter((each.code, each.pool, each.reason) for each in seen if each.pool != "llm").keys() <= {
        (503, "llm-new", "no-endpoints")
    }
    assert {each.code for each in seen if each.pool == "llm"} == {200}
    assert {each.fault for each in seen} == {""}
    assert abs(Counter(each.pool for each in seen)["llm-new"] - 40) <= 4

    new.restart()
    restarted = now()
    until(lambda: {each.pool for each in gets(up, 30) if each.code == 200} == {"llm", "llm-new"})
    assert now() - restarted <= 2.0
    assert {each.code for each in gets(up, 200)} == {200}


def test_a_killed_worker_is_replaced_and_only_its_requests_are_lost(pools: Pools) -> None:
    up, _, _ = pools
    victim = up.child("worker")

    async def main() -> tuple[list[Stream], list[Seen]]:
        opened: asyncio.Queue[str] = asyncio.Queue()
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            open_streams = [asyncio.create_task(stream(session, up.gateway, 120, opened)) for _ in range(60)]
            for _ in open_streams:
                await opened.get()
            held = len(
                [each for each in victim.net_connections("tcp") if each.laddr.port == up.gateway_port and each.raddr]
            )
            os.kill(victim.pid, signal.SIGKILL)
            after = [await asyncio.gather(*(fresh(up) for _ in range(8))) for _ in range(25)]
            seen = await asyncio.gather(*open_streams)
            assert held > 0
            assert sum(not each.whole for each in seen) <= held
            return seen, [each for some in after for each in some]

    seen, after = asyncio.run(main())

    assert {each.fault for each in after} == {""}
    assert {each.code for each in after} == {200}
    assert any(not each.whole for each in seen)
    until(lambda: len([each for each in workers(up) if each != victim.pid]) == 2)


async def fresh(up: System) -> Seen:
    """A request on a connection of its own: it may wait in the queue of the worker that died."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
        return await ask(session, f"{up.gateway}/v1/models")


def workers(up: System) -> list[int]:

    children = psutil.Process(up.process.pid).children()
    return [each.pid for each in children if each.is_running() and "turnout.runners.worker" in each.cmdline()]


def test_the_gateway_serves_while_the_api_and_the_controller_are_killed(pools: Pools) -> None:
    up, _, _ = pools

    for part in ("api", "controller", "scraper"):
        os.kill(up.child(part).pid, signal.SIGKILL)
        assert {each.code for each in gets(up, 100)} == {200}


def test_weights_written_after_the_controller_was_killed_take_force(pools: Pools) -> None:
    up, _, _ = pools
    os.kill(up.child("controller").pid, signal.SIGKILL)

    async def main() -> None:
        async with Client(up.api) as client:
            await write(client, (0, 100))

    asyncio.run(main())

    assert {each.pool for each in gets(up, 50)} == {"llm-new"}
