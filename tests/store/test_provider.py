"""What every provider does: memory, and the Kubernetes client against the embedded API."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from functools import partial

import pytest

from tests.support.objects import GATEWAY_CLASSES, NAMESPACES, SERVERS, Document, gateway_class, namespace, server
from tests.support.real_api import RealApi
from turnout.kube.client import Client
from turnout.store import ApiError, Bookmark, Changed, Deleted, Provider, WatchEvent, key_of, revision_of
from turnout.store.memory import Memory

Check = Callable[[Provider, str], Awaitable[None]]
Run = Callable[[Check], None]

_numbers = itertools.count()


@asynccontextmanager
async def _memory() -> AsyncIterator[Provider]:
    yield Memory()


@asynccontextmanager
async def _kube(url: str) -> AsyncIterator[Provider]:
    async with Client(url) as client:
        yield client


@pytest.fixture(scope="module")
def api() -> Iterator[RealApi]:
    with RealApi() as running:
        yield running


@pytest.fixture(params=["memory", "kube"])
def run(request: pytest.FixtureRequest) -> Run:
    """Runs a check with a provider and the name of a namespace that is its own."""
    open_provider: Callable[[], AbstractAsyncContextManager[Provider]] = _memory
    if request.param == "kube":
        url: str = request.getfixturevalue("api").url
        open_provider = partial(_kube, url)

    async def with_provider(check: Check) -> None:
        own = f"test-{next(_numbers)}"
        async with open_provider() as provider:
            await provider.create(NAMESPACES, "", namespace(own))
            await check(provider, own)

    def start(check: Check) -> None:
        asyncio.run(with_provider(check))

    return start


def _without_version(document: Document) -> Document:
    return {**document, "metadata": {k: v for k, v in document["metadata"].items() if k != "resourceVersion"}}


async def _collect(provider: Provider, version: str, own: str, count: int) -> list[WatchEvent]:
    events: list[WatchEvent] = []
    async with aclosing(provider.watch(SERVERS, version, own)) as watch:
        async for event in watch:
            if not isinstance(event, Bookmark):
                events.append(event)
            if len(events) == count:
                break
    return events


def test_an_object_is_stored_with_an_identity(run: Run) -> None:
    async def check(provider: Provider, own: str) -> None:
        created = await provider.create(SERVERS, own, server("llm-0"))
        metadata = created["metadata"]
        assert key_of(created) == f"{own}/llm-0"
        assert metadata["generation"] == 1
        assert metadata["uid"]
        assert metadata["creationTimestamp"]
        assert revision_of(created) > 0
        assert await provider.get(SERVERS, own, "llm-0") == created

    run(check)


def test_a_cluster_scoped_object_has_no_namespace(run: Run) -> None:
    async def check(provider: Provider, own: str) -> None:
        document = gateway_class()
        document["metadata"]["name"] = own
        created = await provider.create(GATEWAY_CLASSES, "", document)
        assert key_of(created) == f"/{own}"
        assert await provider.get(GATEWAY_CLASSES, "", own) == created

    run(check)


def test_a_second_object_of_the_same_name_is_refused(run: Run) -> None:
    async def check(provider: Provider, own: str) -> None:
        await provider.create(SERVERS, own, server("llm-0"))
        with pytest.raises(ApiError) as refused:
            await provider.create(SERVERS, own, server("llm-0"))
        assert refused.value.exists
        assert not refused.value.conflict

    run(check)


@pytest.mark.parametrize("verb", ["get", "replace", "patch", "patch_status", "delete"])
def test_an_object_that_does_not_exist_is_not_found(run: Run, verb: str) -> None:
    async def check(provider: Provider, own: str) -> None:
        calls: dict[str, Callable[[], Awaitable[object]]] = {
            "get": lambda: provider.get(SERVERS, own, "none"),
            "replace": lambda: provider.replace(SERVERS, own, server("none")),
            "patch": lambda: provider.patch(SERVERS, own, "none", {"spec": {"port": 1}}),
            "patch_status": lambda: provider.patch_status(SERVERS, own, "none", {}),
            "delete": lambda: provider.delete(SERVERS, own, "none"),
        }
        with pytest.raises(ApiError) as refused:
            await calls[verb]()
        assert refused.value.not_found

    run(check)


def test_a_list_holds_the_objects_of_its_namespace(run: Run) -> None:
    async def check(provider: Provider, own: str) -> None:
        await provider.create(NAMESPACES, "", namespace(f"{own}-b"))
        created = [await provider.create(SERVERS, own, server(name)) for name in ("llm-0", "llm-1")]
        await provider.create(SERVERS, f"{own}-b", server("llm-0"))
        listing = await provider.list(SERVERS, own)
        assert listing.items == tuple(created)
        assert int(listing.resource_version) >= revision_of(created[-1])
        everywhere = [key_of(each) for each in (await provider.list(SERVERS)).items]
        assert {f"{own}/llm-0", f"{own}/llm-1", f"{own}-b/llm-0"} <= set(everywhere)

    run(check)


def test_a_change_of_spec_is_a_new_generation(run: Run) -> None:
    async def check(provider: Provider, own: str) -> None:
        created = await provider.create(SERVERS, own, server("llm-0"))
        patched = await provider.patch(SERVERS, own, "llm-0", {"spec": {"port": 9002}})
        assert patched["spec"]["port"] == 9002
        assert patched["metadata"]["generation"] == 2
        assert patched["metadata"]["uid"] == created["metadata"]["uid"]
        assert revision_of(patched) > revision_of(created)

    run(check)


def test_a_label_is_not_a_new_generation(run: Run) -> None:
    async def check(provider: Provider, own: str) -> None:
        await provider.create(SERVERS, own, server("llm-0"))
        patched = await provider.patch(SERVERS, own, "llm-0", {"metadata": {"labels": {"app": None, "tier": "a"}}})
        assert patched["metadata"]["labels"] == {"tier": "a"}
        assert patched["metadata"]["generation"] == 1

    run(check)


def test_a_patch_that_changes_nothing_is_no_new_version(run: Run) -> None:
    async def check(provider: Provider, own: str) -> None:
        created = await provider.create(SERVERS, own, server("llm-0"))
        assert await provider.patch(SERVERS, own, "llm-0", {"spec": {"port": 9001}}) == created

    run(check)


def test_a_replaced_object_is_what_was_given(run: Run) -> None:
    async def check(provider: Provider, own: str) -> None:
        created = await provider.create(SERVERS, own, server("llm-0"))
        wanted = {**created, "spec": {**created["spec"], "address": "127.0.0.2"}}
        replaced = await provider.replace(SERVERS, own, wanted)
        assert replaced["spec"] == wanted["spec"]
        assert replaced["metadata"]["generation"] == 2

    run(check)


def test_a_write_on_an_old_version_is_a_conflict(run: Run) -> None:
    async def check(provider: Provider, own: str) -> None:
        created = await provider.create(SERVERS, own, server("llm-0"))
        await provider.patch(SERVERS, own, "llm-0", {"spec": {"port": 9002}})
        version = created["metadata"]["resourceVersion"]
        for write in (
            provider.replace(SERVERS, own, created),
            provider.patch(SERVERS, own, "llm-0", {"metadata": {"resourceVersion": version}, "spec": {"port": 9003}}),
            provider.patch_status(SERVERS, own, "llm-0", {"conditions": []}, version),
        ):
            with pytest.raises(ApiError) as refused:
                await write
            assert refused.value.conflict
        assert (await provider.get(SERVERS, own, "llm-0"))["spec"]["port"] == 9002

    run(check)


def test_a_status_is_written_beside_the_object(run: Run) -> None:
    async def check(provider: Provider, own: str) -> None:
        created = await provider.create(SERVERS, own, server("llm-0"))
        condition = {
            "type": "Accepted",
            "status": "True",
            "reason": "Accepted",
            "message": "",
            "observedGeneration": 1,
            "lastTransitionTime": "2030-01-01T00:00:00Z",
        }
        version = created["metadata"]["resourceVersion"]
        written = await provider.patch_status(SERVERS, own, "llm-0", {"conditions": [condition]}, version)
        assert written["status"] == {"conditions": [condition]}
        assert written["spec"] == created["spec"]
        assert written["metadata"]["generation"] == 1
        patched = await provider.patch(SERVERS, own, "llm-0", {"spec": {"port": 9002}, "status": {"conditions": []}})
        assert patched["status"] == {"conditions": [condition]}

    run(check)


def test_a_deleted_object_is_gone(run: Run) -> None:
    async def check(provider: Provider, own: str) -> None:
        await provider.create(SERVERS, own, server("llm-0"))
        await provider.delete(SERVERS, own, "llm-0")
        assert (await provider.list(SERVERS, own)).items == ()

    run(check)


def test_a_watch_tells_every_change_after_the_list_in_order(run: Run) -> None:
    async def check(provider: Provider, own: str) -> None:
        await provider.create(SERVERS, own, server("before"))
        version = (await provider.list(SERVERS, own)).resource_version
        created = await provider.create(SERVERS, own, server("llm-0"))
        watching = asyncio.create_task(_collect(provider, version, own, 3))
        patched = await provider.patch(SERVERS, own, "llm-0", {"spec": {"port": 9002}})
        await provider.delete(SERVERS, own, "llm-0")
        first, second, third = await asyncio.wait_for(watching, 10)
        assert first == Changed(created)
        assert second == Changed(patched)
        assert isinstance(third, Deleted)
        assert revision_of(third.document) > revision_of(patched)
        assert _without_version(third.document) == _without_version(patched)

    run(check)


def test_a_watch_resumes_where_another_ended(run: Run) -> None:
    async def check(provider: Provider, own: str) -> None:
        version = (await provider.list(SERVERS, own)).resource_version
        first = await provider.create(SERVERS, own, server("llm-0"))
        second = await provider.create(SERVERS, own, server("llm-1"))
        assert await _collect(provider, version, own, 1) == [Changed(first)]
        assert await _collect(provider, str(revision_of(first)), own, 1) == [Changed(second)]

    run(check)
