"""The controller in this process, with objects in memory and peers played by the test."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
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
    SERVERS,
    gateway,
    gateway_class,
    namespace,
    pool,
    route,
    server,
)
from tests.support.peers import Peer, until
from turnout.channels import Acknowledged, Count, Ports, Report
from turnout.runners.controller import controller as module
from turnout.runners.controller.controller import Controller
from turnout.store import ApiError, ApiResource, UnreachableError, revision_of
from turnout.store.memory import Memory

Document = dict[str, Any]
WEIGHTS = "default/route"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A RUN of few enough characters for a Unix socket's path."""
    with tempfile.TemporaryDirectory(prefix="turnout-") as name:
        yield Path(name)


async def fill(store: Memory) -> None:
    """The seed's setting: a Gateway, a route of 90/10, two pools."""
    await store.create(NAMESPACES, "", namespace())
    await store.create(GATEWAY_CLASSES, "", gateway_class())
    await store.create(GATEWAYS, "default", gateway())
    for name in ("llm", "llm-new"):
        await store.create(POOLS, "default", pool(name))
    await store.create(ROUTES, "default", route(llm=90, llm_new=10))


async def weigh(store: Memory, llm: int, llm_new: int) -> Document:
    rules = route(llm=llm, llm_new=llm_new)["spec"]["rules"]
    return await store.patch(ROUTES, "default", "route", {"spec": {"rules": rules}})


@asynccontextmanager
async def running(store: Memory, folder: Path) -> AsyncIterator[Controller]:
    controller = Controller(store, folder, ("127.0.0.1", 8080))
    task = asyncio.create_task(controller.run())
    try:
        yield controller
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def check(folder: Path, scenario: Callable[[Memory, Path], Awaitable[None]], store: Memory | None = None) -> None:
    async def run() -> None:
        memory = store if store is not None else Memory()
        await fill(memory)
        await scenario(memory, folder)

    asyncio.run(run())


def accepted(document: Document) -> str:
    """The status of a route's `Accepted` condition for its first parent; empty before it has one."""
    for parent in document.get("status", {}).get("parents", ()):
        for condition in parent["conditions"]:
            if condition["type"] == "Accepted":
                return str(condition["status"])
    return ""


async def stored(store: Memory, resource: ApiResource, name: str) -> Document:
    return await store.get(resource, "default", name)


async def has_status(store: Memory, resource: ApiResource, name: str) -> Document:
    """The object once its status speaks of its newest generation."""
    found: list[Document] = []

    async def look() -> None:
        while True:
            document = await stored(store, resource, name)
            seen = f"'observedGeneration': {document['metadata']['generation']}"
            if seen in str(document.get("status", "")):
                found.append(document)
                return
            await asyncio.sleep(0.005)

    await asyncio.wait_for(look(), 20)
    return found[0]


def test_a_worker_gets_the_whole_table_first(folder: Path) -> None:
    async def scenario(store: Memory, run: Path) -> None:
        async with running(store, run), Peer(run, "worker", 0) as worker:
            await until(lambda: worker.swaps)
            version, keys = worker.swaps[0]
            assert version.whole
            assert set(keys) == {"listeners", "route/default/route", "pool/default/llm", "pool/default/llm-new"}
            assert worker.weights(WEIGHTS) == {"llm": 90, "llm-new": 10}

    check(folder, scenario)


def test_a_change_of_weights_arrives_as_one_changed_part(folder: Path) -> None:
    async def scenario(store: Memory, run: Path) -> None:
        async with running(store, run), Peer(run, "worker", 0) as worker:
            await until(lambda: worker.swaps)
            await has_status(store, ROUTES, "route")
            await weigh(store, 50, 50)
            await until(lambda: worker.weights(WEIGHTS) == {"llm": 50, "llm-new": 50})
            await has_status(store, ROUTES, "route")
            (first, _), (second, keys) = worker.swaps
            assert keys == ("route/default/route",)
            assert not second.whole
            assert second.version > first.version

    check(folder, scenario)


def test_what_is_deleted_leaves_the_table(folder: Path) -> None:
    async def scenario(store: Memory, run: Path) -> None:
        async with running(store, run), Peer(run, "worker", 0) as worker:
            await until(lambda: worker.swaps)
            await store.delete(ROUTES, "default", "route")
            await until(lambda: "default/route" not in worker.table.routes)
            assert "pool/default/llm" in worker.parts

    check(folder, scenario)


def test_statuses_speak_of_the_generation_that_is_served(folder: Path) -> None:
    async def scenario(store: Memory, run: Path) -> None:
        async with running(store, run), Peer(run, "worker", 0):
            assert accepted(await has_status(store, ROUTES, "route")) == "True"
            await weigh(store, 50, 50)
            assert (await has_status(store, ROUTES, "route"))["metadata"]["generation"] == 2
            await has_status(store, GATEWAYS, "gate")

    check(folder, scenario)


def test_own_status_writes_send_no_table(folder: Path) -> None:
    async def scenario(store: Memory, run: Path) -> None:
        async with running(store, run), Peer(run, "worker", 0) as worker, Peer(run, "parent") as parent:
            await has_status(store, ROUTES, "route")
            newest = int((await store.list(ROUTES)).resource_version)
            await until(lambda: parent.programmed.resource_version >= newest)
            assert len(worker.swaps) == 1

    check(folder, scenario)


def test_statuses_settle(folder: Path) -> None:
    async def scenario(store: Memory, run: Path) -> None:
        async with running(store, run), Peer(run, "worker", 0), Peer(run, "parent") as parent:
            await has_status(store, ROUTES, "route")
            await store.create(NAMESPACES, "", namespace("more"))
            newest = int((await store.list(ROUTES)).resource_version)
            await until(lambda: parent.programmed.resource_version >= newest)
            listing = await store.list(ROUTES)
            made = revision_of(await store.create(NAMESPACES, "", namespace("even-more")))
            await until(lambda: parent.programmed.resource_version >= made)
            assert made == int(listing.resource_version) + 1

    check(folder, scenario)


def test_no_status_is_written_before_the_workers_have_acknowledged(folder: Path) -> None:
    class Witness(Memory):
        silent = True
        early: tuple[str, ...] = ()

        async def patch_status(
            self, resource: ApiResource, namespace: str, name: str, status: Document, resource_version: str = ""
        ) -> Document:
            self.early += (name,) * self.silent
            return await super().patch_status(resource, namespace, name, status, resource_version)

    async def scenario(store: Memory, run: Path) -> None:
        assert isinstance(store, Witness)
        async with running(store, run), Peer(run, "worker", 0) as quick, Peer(run, "worker", 1, silent=True) as slow:
            await until(lambda: quick.swaps and slow.swaps)
            for number in range(20):  # each one gives a status that would not wait the time to be written
                await store.create(NAMESPACES, "", namespace(f"more-{number}"))
                await asyncio.sleep(0.005)
            store.silent = False
            slow.send(Acknowledged(slow.version))
            await has_status(store, ROUTES, "route")
            assert store.early == ()

    check(folder, scenario, Witness())


def test_a_worker_that_has_gone_is_not_waited_for(folder: Path) -> None:
    async def scenario(store: Memory, run: Path) -> None:
        async with running(store, run), Peer(run, "worker", 0):
            async with Peer(run, "worker", 1, silent=True) as slow:
                await until(lambda: slow.swaps)
            await has_status(store, ROUTES, "route")

    check(folder, scenario)


def test_a_worker_that_never_acknowledges_does_not_hold_statuses_up_for_ever(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ACKNOWLEDGE_SECONDS", 0.05)

    async def scenario(store: Memory, run: Path) -> None:
        async with running(store, run), Peer(run, "worker", 0, silent=True):
            await has_status(store, ROUTES, "route")

    check(folder, scenario)


def test_the_parent_hears_which_workers_serve_up_to_which_version(folder: Path) -> None:
    async def scenario(store: Memory, run: Path) -> None:
        async with running(store, run), Peer(run, "parent") as parent, Peer(run, "worker", 0) as worker:
            written = await weigh(store, 1, 1)
            await until(lambda: parent.programmed.resource_version >= revision_of(written))
            assert parent.programmed.version == worker.version
            assert worker.weights(WEIGHTS) == {"llm": 1, "llm-new": 1}
            async with Peer(run, "worker", 1):
                await until(lambda: parent.programmed.workers == (0, 1))

    check(folder, scenario)


def test_the_parent_is_asked_for_the_ports_of_every_listener(folder: Path) -> None:
    async def scenario(store: Memory, run: Path) -> None:
        async with running(store, run), Peer(run, "parent") as parent:
            await until(lambda: parent.ports == (8080,))
            await store.replace(GATEWAYS, "default", gateway("gate", 80, 8090))
            await until(lambda: parent.ports == (8080, 8090))

    check(folder, scenario)


def condition_reason(listener: Document, kind: str) -> str:
    return next((str(each["reason"]) for each in listener["conditions"] if each["type"] == kind), "")


def test_a_port_that_cannot_be_bound_is_said_on_its_listener_alone(folder: Path) -> None:
    async def scenario(store: Memory, run: Path) -> None:
        await store.replace(GATEWAYS, "default", gateway("gate", 80, 8090))
        parent = Peer(run, "parent")
        parent.failed_ports = {8090: "address already in use"}
        async with running(store, run), parent, Peer(run, "worker", 0):
            # A table from before the parent was there knows of no fault: its statuses may be seen first.
            reasons: dict[str, str] = {}
            end = asyncio.get_running_loop().time() + 20
            while reasons.get("http-8090") != "PortUnavailable":
                assert asyncio.get_running_loop().time() < end, reasons
                listeners = (await has_status(store, GATEWAYS, "gate"))["status"]["listeners"]
                reasons = {one["name"]: condition_reason(one, "Accepted") for one in listeners}
                await asyncio.sleep(0.005)
            assert reasons["http-80"] == "Accepted"
            await store.create(NAMESPACES, "", namespace("more"))
            newest = int((await store.list(ROUTES)).resource_version)
            await until(lambda: parent.programmed.resource_version >= newest)
            assert [each.ports for each in parent.messages if isinstance(each, Ports)] == [(8080, 8090)]

    check(folder, scenario)


def test_the_scraper_is_told_the_members_of_each_pool(folder: Path) -> None:
    async def scenario(store: Memory, run: Path) -> None:
        await store.create(SERVERS, "default", server("llm-0"))
        async with running(store, run), Peer(run, "scraper") as scraper:
            await until(lambda: scraper.members == {"default/llm": ("127.0.0.1:9001",), "default/llm-new": ()})
            await store.create(SERVERS, "default", server("new-0", app="llm-new", port=9101))
            await until(lambda: scraper.members["default/llm-new"] == ("127.0.0.1:9101",))

    check(folder, scenario)


def test_a_model_servers_name_is_resolved(folder: Path) -> None:
    async def scenario(store: Memory, run: Path) -> None:
        await store.create(SERVERS, "default", server("llm-0", address="localhost"))
        async with running(store, run), Peer(run, "scraper") as scraper:
            await until(lambda: scraper.members.get("default/llm"))
            assert scraper.members["default/llm"][0] in {"127.0.0.1:9001", "[::1]:9001"}

    check(folder, scenario)


def test_a_model_server_more_is_no_new_table(folder: Path) -> None:
    async def scenario(store: Memory, run: Path) -> None:
        async with running(store, run), Peer(run, "worker", 0) as worker, Peer(run, "parent") as parent:
            await until(lambda: worker.swaps)
            made = await store.create(SERVERS, "default", server("llm-0"))
            await until(lambda: parent.programmed.resource_version >= revision_of(made))
            assert len(worker.swaps) == 1

    check(folder, scenario)


def test_an_object_that_cannot_be_decoded_harms_no_other(folder: Path) -> None:
    async def scenario(store: Memory, run: Path) -> None:
        await store.create(ROUTES, "default", {**route("broken"), "spec": {"rules": 7}})
        async with running(store, run), Peer(run, "worker", 0) as worker:
            await until(lambda: worker.weights(WEIGHTS))
            assert list(worker.table.routes) == ["default/route"]

    check(folder, scenario)


def test_a_status_that_is_refused_holds_up_no_other(folder: Path) -> None:
    class Refusing(Memory):
        async def patch_status(
            self, resource: ApiResource, namespace: str, name: str, status: Document, resource_version: str = ""
        ) -> Document:
            if name == "route":
                raise ApiError(422, "Invalid", "refused")
            if name == "gate":
                await asyncio.Event().wait()
            return await super().patch_status(resource, namespace, name, status, resource_version)

    async def scenario(store: Memory, run: Path) -> None:
        await store.create(ROUTES, "default", route("second", llm=1))
        async with running(store, run), Peer(run, "worker", 0) as worker:
            await has_status(store, ROUTES, "second")
            await weigh(store, 50, 50)
            await until(lambda: worker.weights(WEIGHTS) == {"llm": 50, "llm-new": 50})

    check(folder, scenario, Refusing())


@pytest.mark.parametrize("error", [ApiError(409, "Conflict", "changed"), UnreachableError("away")])
def test_a_status_that_failed_is_written_later(folder: Path, error: Exception) -> None:
    class Failing(Memory):
        failures = 3

        async def patch_status(
            self, resource: ApiResource, namespace: str, name: str, status: Document, resource_version: str = ""
        ) -> Document:
            if name == "route" and self.failures:
                self.failures -= 1
                raise error
            return await super().patch_status(resource, namespace, name, status, resource_version)

    async def scenario(store: Memory, run: Path) -> None:
        async with running(store, run), Peer(run, "worker", 0):
            await has_status(store, ROUTES, "route")

    check(folder, scenario, Failing())


def test_a_status_that_the_store_keeps_in_another_form_is_written_once(folder: Path) -> None:
    class Pruning(Memory):
        writes = 0

        async def patch_status(
            self, resource: ApiResource, namespace: str, name: str, status: Document, resource_version: str = ""
        ) -> Document:
            self.writes += name == "route"
            kept = {**status, "ours": "the store's own"} if name == "route" else status
            return await super().patch_status(resource, namespace, name, kept, resource_version)

    async def scenario(store: Memory, run: Path) -> None:
        async with running(store, run), Peer(run, "worker", 0), Peer(run, "parent") as parent:
            await has_status(store, ROUTES, "route")
            for number in range(3):
                made = await store.create(NAMESPACES, "", namespace(f"more-{number}"))
                await until(lambda made=made: parent.programmed.resource_version >= revision_of(made))  # type: ignore[misc]
            assert isinstance(store, Pruning)
            assert store.writes == 1

    check(folder, scenario, Pruning())


def test_a_restarted_controller_resends_everything_under_a_higher_version(folder: Path) -> None:
    async def scenario(store: Memory, run: Path) -> None:
        async with running(store, run), Peer(run, "worker", 0) as worker:
            await until(lambda: worker.swaps)
            for weight in range(3):
                await weigh(store, weight + 1, 50)
                await until(lambda weight=weight: worker.weights(WEIGHTS).get("llm") == weight + 1)  # type: ignore[misc]
            highest = worker.version
        async with running(store, run), Peer(run, "worker", 0) as worker:
            await until(lambda: worker.swaps)
            version, keys = worker.swaps[0]
            assert version.whole
            assert version.version > highest
            assert len(keys) == 4

    check(folder, scenario)


def test_a_burst_of_changes_is_few_tables_and_the_last_one_counts(folder: Path) -> None:
    async def scenario(store: Memory, run: Path) -> None:
        async with running(store, run), Peer(run, "worker", 0) as worker:
            await until(lambda: worker.swaps)
            for weight in range(1, 101):
                await weigh(store, weight, 100)
            await until(lambda: worker.weights(WEIGHTS) == {"llm": 100, "llm-new": 100})
            assert len(worker.swaps) < 50
            versions = [version.version for version, _ in worker.swaps]
            assert versions == sorted(set(versions))

    check(folder, scenario)


def test_a_peer_that_does_not_say_hello_is_hung_up_on(folder: Path) -> None:
    async def scenario(store: Memory, run: Path) -> None:
        async with running(store, run), Peer(run, "nobody") as stranger, Peer(run, "worker", 0) as worker:
            await until(lambda: stranger.gone)
            worker.send_bytes(b"\xff" * 8)
            await until(lambda: worker.gone)

    check(folder, scenario)


def test_the_socket_is_this_users_alone(folder: Path) -> None:
    async def scenario(store: Memory, run: Path) -> None:
        (run / "controller.sock").write_text("left by a predecessor")
        async with running(store, run), Peer(run, "worker", 0):
            assert (run / "controller.sock").stat().st_mode & 0o777 == 0o600

    check(folder, scenario)


def test_reports_are_summed_and_gaps_counted(folder: Path) -> None:
    async def scenario(store: Memory, run: Path) -> None:
        async with running(store, run) as controller, Peer(run, "worker", 0) as worker:
            count = Count("default/route", "0", "default/llm", 200, "", 3)
            for seq in (1, 2, 4):
                worker.send(Report(seq, (count,), 1, 1))
            await until(lambda: sum(controller.reports.requests.values()) == 9)
            assert controller.reports.missing == 1

    check(folder, scenario)
