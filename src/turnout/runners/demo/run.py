"""Runs a scenario: real servers, a real `turnout up`, load all the while."""

import asyncio
import contextlib
import time
from pathlib import Path

import aiohttp
from rich.console import Console
from rich.live import Live

from turnout.kube.client import Client
from turnout.runners.demo.byhand import walk
from turnout.runners.demo.follow import follow
from turnout.runners.demo.load import Load
from turnout.runners.demo.plant import START_SECONDS, DemoError, Servers, gateway
from turnout.runners.demo.report import Ending, Mark, Report, summarise
from turnout.runners.demo.scenario import Pools, Scenario, manifests


async def run(scenario: Scenario, console: Console, folder: Path) -> Report:
    """One scenario, about a minute. `folder` gets the manifests and what the processes print. Raises DemoError."""
    pools = scenario.pools
    async with contextlib.AsyncExitStack() as stack:
        stable = Servers(pools.stable, scenario.model, scenario.servers, folder)
        candidate = Servers(pools.candidate, scenario.model, scenario.servers, folder)
        for servers, faults in ((stable, ()), (candidate, scenario.candidate_faults)):
            stack.push_async_callback(servers.stop)
            await servers.start(faults)
        manifest = folder / "demo.yaml"
        weights = scenario.steps[0].weights if scenario.steps else (100, 0)
        manifest.write_text(manifests({pools.stable: stable.ports, pools.candidate: candidate.ports}, weights, pools))
        url, api = await stack.enter_async_context(gateway(folder, manifest))
        console.print(scenario.story, f"gateway {url}, api {api}", f"manifests and logs in {folder}", sep="\n")
        client = await stack.enter_async_context(Client(api))
        session = await stack.enter_async_context(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
        await _answers(session, url, pools, both=bool(scenario.steps))
        load = Load(session, url, scenario, seed=1)
        marks, ending = await _under_load(scenario, client, load, (stable, candidate), console)
    return summarise(scenario.name, pools, marks, load.samples, ending)


async def _under_load(
    scenario: Scenario, client: Client, load: Load, servers: tuple[Servers, Servers], console: Console
) -> tuple[list[Mark], Ending]:
    sending = asyncio.create_task(load.run())
    try:
        with Live(console=console, refresh_per_second=8, transient=True) as screen:
            if scenario.steps:
                return await walk(scenario, client, load, screen)
            return await follow(scenario, client, load, servers, screen)
    finally:
        sending.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sending
        await load.drain()


async def _answers(session: aiohttp.ClientSession, url: str, pools: Pools, *, both: bool) -> None:
    """Returns when the pools that have weight have answered: their servers are found and ready."""
    wanted = {pools.stable, pools.candidate} if both else {pools.stable}
    seen: set[str] = set()
    end = time.monotonic() + START_SECONDS
    while not wanted <= seen:
        if time.monotonic() > end:
            raise DemoError(f"only {sorted(seen) or 'no pool'} answered within {START_SECONDS:.0f} s")
        async with session.get(f"{url}/v1/models") as response:
            await response.read()
            if response.status == 200:
                seen.add(response.headers["x-turnout-pool"])
        await asyncio.sleep(0.01)
