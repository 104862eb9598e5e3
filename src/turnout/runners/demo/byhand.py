"""Weights written by hand, as one does without rollouts."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

from rich.live import Live

from turnout.kube.client import Client
from turnout.runners.demo import live
from turnout.runners.demo.load import Load
from turnout.runners.demo.report import Ending, Mark
from turnout.runners.demo.scenario import ROUTE, Scenario, Step, route
from turnout.store import ApiResource

ROUTES = ApiResource("gateway.networking.k8s.io", "v1", "httproutes", "HTTPRoute", namespaced=True)
PROBE = 1.0
"""Seconds of short requests around the rollback; it is written a quarter into them."""
LONG_TOKENS = 400


async def walk(scenario: Scenario, client: Client, load: Load, screen: Live) -> tuple[list[Mark], Ending]:
    """Goes through the steps; the last one is a rollback in the middle of open streams."""
    marks: list[Mark] = []
    for number, step in enumerate(scenario.steps, start=1):
        last = number == len(scenario.steps)
        async with _around_the_rollback(scenario, load) if last else contextlib.nullcontext():
            marks.append(await _write(scenario, client, step))
        screen.console.print(f"wrote {step.weights[0]}/{step.weights[1]}: {step.story}")
        end = time.monotonic() + step.seconds
        title = f"step {number}/{len(scenario.steps)}  weights {step.weights[0]}/{step.weights[1]}  {step.story}"
        while time.monotonic() < end:
            screen.update(live.traffic(title, scenario.pools, load.samples, load.open, time.monotonic()))
            await asyncio.sleep(live.FRAME)
    return marks, Ending("RolledBack", expected=True)


async def _write(scenario: Scenario, client: Client, step: Step) -> Mark:
    """Writes the step's weights and waits until the route's status says that every worker serves them."""
    written = time.monotonic()
    spec = route(step.weights, scenario.pools)["spec"]
    generation = (await client.patch(ROUTES, "default", ROUTE, {"spec": spec}))["metadata"]["generation"]
    while not _observed(await client.get(ROUTES, "default", ROUTE), generation):
        await asyncio.sleep(0.01)
    return Mark(step.weights, written, time.monotonic())


def _observed(document: dict[str, Any], generation: int) -> bool:
    parents = document.get("status", {}).get("parents", ())
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
