"""Runs a scenario: real servers, a real `turnout up`, weights written through the API, load all the while."""

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import aiohttp
from rich.console import Console
from rich.live import Live

from turnout.kube.client import Client
from turnout.runners.demo import live
from turnout.runners.demo.load import Load
from turnout.runners.demo.report import Mark, Report, summarise
from turnout.runners.demo.scenario import CANDIDATE, STABLE, Scenario, Step, manifests, route
from turnout.store import ApiResource

ROUTES = ApiResource("gateway.networking.k8s.io", "v1", "httproutes", "HTTPRoute", namespaced=True)
START_SECONDS = 60.0
FRAME = 0.25
PROBE = 1.0
"""Seconds of short requests around the rollback; it is written a quarter into them."""
LONG_TOKENS = 400


class DemoError(Exception):
    """A part of the demo did not start or went away; the text says which."""


async def run(scenario: Scenario, console: Console, folder: Path) -> Report:
    """The whole demo, about a minute. `folder` gets the manifests and what the processes print. Raises DemoError."""
    async with contextlib.AsyncExitStack() as stack:
        ports = {
            name: await stack.enter_async_context(_servers(scenario, name, folder)) for name in (STABLE, CANDIDATE)
        }
        (folder / "demo.yaml").write_text(manifests(ports, scenario.steps[0].weights))
        gateway, api = await stack.enter_async_context(_gateway(folder))
        console.print(
            f"{scenario.story}\ngateway {gateway}   api {api}   manifests and logs {folder}\n", highlight=False
        )
        client = await stack.enter_async_context(Client(api))
        session = await stack.enter_async_context(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
        await _both_pools_answer(session, gateway)
        load = Load(session, gateway, scenario, seed=1)
        sending = asyncio.create_task(load.run())
        try:
            marks = await _walk(scenario, client, load, console)
        finally:
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sending
        await load.drain()
    return summarise(scenario.name, scenario.steps, marks, load.samples)


async def _walk(scenario: Scenario, client: Client, load: Load, console: Console) -> list[Mark]:
    marks: list[Mark] = []
    with Live(console=console, refresh_per_second=8, transient=True) as screen:
        for number, step in enumerate(scenario.steps, start=1):
            last = number == len(scenario.steps)
            async with _around_the_rollback(scenario, load) if last else contextlib.nullcontext():
                marks.append(await _write(client, step))
            console.print(f"wrote {step.weights[0]}/{step.weights[1]}: {step.story}")
            end = time.monotonic() + step.seconds
            while time.monotonic() < end:
                screen.update(live.view(step, number, len(scenario.steps), load.samples, load.open, time.monotonic()))
                await asyncio.sleep(FRAME)
    return marks


async def _write(client: Client, step: Step) -> Mark:
    """Writes the step's weights and waits until the route's status says that every worker serves them."""
    written = time.monotonic()
    spec = route(step.weights)["spec"]
    generation = (await client.patch(ROUTES, "default", "routes-to-llm", {"spec": spec}))["metadata"]["generation"]
    while not _observed(await client.get(ROUTES, "default", "routes-to-llm"), generation):
        await asyncio.sleep(0.01)
    return Mark(written, time.monotonic())


def _observed(document: dict[str, object], generation: int) -> bool:
    status = document.get("status")
    parents = status.get("parents", ()) if isinstance(status, dict) else ()
    conditions = [condition for parent in parents for condition in parent["conditions"]]
    return bool(conditions) and all(condition["observedGeneration"] >= generation for condition in conditions)


@contextlib.asynccontextmanager
async def _around_the_rollback(scenario: Scenario, load: Load) -> AsyncIterator[None]:
    """Long streams are open and short requests go one after the other when the body runs, and a while after it."""
    load.open_streams(scenario.long_streams, LONG_TOKENS)
    await asyncio.sleep(PROBE)
    probing = asyncio.create_task(load.probe(PROBE))
    await asyncio.sleep(PROBE / 4)
    yield
    await probing


async def _both_pools_answer(session: aiohttp.ClientSession, gateway: str) -> None:
    """Returns when both pools have answered: their servers are found and ready."""
    seen: set[str] = set()
    end = time.monotonic() + START_SECONDS
    while seen != {STABLE, CANDIDATE}:
        if time.monotonic() > end:
            raise DemoError(f"only {sorted(seen) or 'no pool'} answered within {START_SECONDS:.0f} s")
        async with session.get(f"{gateway}/v1/models") as response:
            await response.read()
            if response.status == 200:
                seen.add(response.headers["x-turnout-pool"])
        await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def _servers(scenario: Scenario, name: str, folder: Path) -> AsyncIterator[Sequence[int]]:
    arguments = ("sim", "--port", "0", "--count", str(scenario.servers), "--model", scenario.model)
    async with _process(f"servers-{name}", arguments, folder) as line:
        first, _, last = line["ports"].partition("-")
        yield range(int(first), int(last or first) + 1)


@contextlib.asynccontextmanager
async def _gateway(folder: Path) -> AsyncIterator[tuple[str, str]]:
    free = "127.0.0.1:0"
    arguments = (
        "up",
        "--workers",
        "1",
        "--gateway",
        free,
        "--api",
        free,
        "--state",
        "memory",
        "-f",
        str(folder / "demo.yaml"),
    )
    async with _process("up", arguments, folder) as line:
        yield line["gateway"], line["api"]


@contextlib.asynccontextmanager
async def _process(name: str, arguments: Sequence[str], folder: Path) -> AsyncIterator[dict[str, str]]:
    """A `turnout` command while the body runs; gives the `key=value` words of its `ready` line."""
    log = folder / f"{name}.log"
    with log.open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "turnout", *arguments, stdout=asyncio.subprocess.PIPE, stderr=stderr
        )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_SECONDS):
            line = (await process.stdout.readline()).decode()
        if not line.startswith("ready "):
            raise DemoError(f"{name} did not start; its log ends: {log.read_text()[-1000:].strip()}")
        yield dict(word.split("=", 1) for word in line.split()[1:])
    except TimeoutError as error:
        raise DemoError(f"{name} was not ready within {START_SECONDS:.0f} s; see {log}") from error
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
