"""The controller follows every kind that tables and statuses are made from."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.objects import (
    GATEWAY_CLASSES,
    GATEWAYS,
    NAMESPACES,
    POOLS,
    ROUTES,
    gateway,
    gateway_class,
    namespace,
)
from tests.support.objects import pool as pool_document
from tests.support.peers import Peer, until
from tests.support.resource_sets import backend, gateway_parameters, http_route, reference_grant
from turnout.resources.kinds import KINDS, find_kind, split_api_version
from turnout.runners.controller.controller import KIND_NAMES, Controller
from turnout.store import ApiResource, served_as
from turnout.store.memory import Memory

Document = dict[str, Any]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A RUN of few enough characters for a Unix socket's path."""
    with tempfile.TemporaryDirectory(prefix="turnout-") as name:
        yield Path(name)


@asynccontextmanager
async def stage(run: Path) -> AsyncIterator[tuple[Memory, Peer]]:
    """A controller with a Gateway, pools in two namespaces and a worker that has the first table."""
    store = Memory()
    for name in ("default", "team"):
        await store.create(NAMESPACES, "", namespace(name))
        await store.create(POOLS, name, pool_document("llm"))
    await store.create(GATEWAY_CLASSES, "", gateway_class())
    await store.create(GATEWAYS, "default", gateway())
    task = asyncio.create_task(Controller(store, run, ("127.0.0.1", 8080)).run())
    try:
        async with Peer(run, "worker", 0) as worker:
            await until(lambda: worker.swaps)
            yield store, worker
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def resource_of(document: Document) -> ApiResource:
    kind = find_kind(*split_api_version(document["apiVersion"]), document["kind"])
    assert kind is not None
    return served_as(kind)


async def said(store: Memory, document: Document) -> str:
    """The status of the document's object once it has any, as text."""
    async with asyncio.timeout(20):
        while True:
            found = await store.get(resource_of(document), "default", document["metadata"]["name"])
            if found.get("status"):
                return str(found["status"])
            await asyncio.sleep(0.005)


def test_a_grant_opens_a_namespace_as_long_as_it_is_there(folder: Path) -> None:
    async def scenario() -> None:
        async with stage(folder) as (store, worker):
            crossing = http_route(parent="gate", rules=[{"backendRefs": [backend("llm", namespace="team")]}])
            await store.create(ROUTES, "default", crossing)

            def invalid() -> list[str]:
                routes = worker.table.routes
                rules = routes["default/route"].rules if "default/route" in routes else ()
                return [one.invalid for rule in rules for one in rule.split.backends]

            await until(lambda: invalid() == ["RefNotPermitted"])
            grant = reference_grant("open", namespace="team")
            await store.create(resource_of(grant), "team", grant)
            await until(lambda: invalid() == [""])
            await store.delete(resource_of(grant), "team", "open")
            await until(lambda: invalid() == ["RefNotPermitted"])

    asyncio.run(scenario())


def test_parameters_reach_the_listeners_of_the_gateway_that_names_them(folder: Path) -> None:
    async def scenario() -> None:
        async with stage(folder) as (store, worker):
            parameters = gateway_parameters("own", limits={"requestBodyBytes": 7})
            await store.create(resource_of(parameters), "default", parameters)
            ref = {"group": "turnout.dev", "kind": "GatewayParameters", "name": "own"}
            await store.patch(GATEWAYS, "default", "gate", {"spec": {"infrastructure": {"parametersRef": ref}}})
            await until(lambda: [one.parameters.body_bytes for one in worker.table.listeners] == [7])
            assert "in force" in await said(store, parameters)

    asyncio.run(scenario())


@pytest.mark.parametrize("version", ["inference.networking.x-k8s.io/v1alpha2", "llm-d.ai/v1alpha2"])
def test_kinds_of_both_groups_are_answered(folder: Path, version: str) -> None:
    async def scenario() -> None:
        async with stage(folder) as (store, _):
            specs: dict[str, Document] = {"InferenceObjective": {}, "InferenceModelRewrite": {"rules": []}}
            for kind, spec in specs.items():
                document: Document = {
                    "apiVersion": version,
                    "kind": kind,
                    "metadata": {"name": "one"},
                    "spec": {"poolRef": {"name": "llm"}, **spec},
                }
                await store.create(resource_of(document), "default", document)
                assert "Stored, and not acted on yet" in await said(store, document)

    asyncio.run(scenario())


def test_every_kind_with_a_status_is_followed() -> None:
    assert {kind.kind for kind in KINDS if kind.has_status} - {"Namespace"} <= set(KIND_NAMES)
