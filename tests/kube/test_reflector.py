import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable

from tests.support.objects import NAMESPACES, SERVERS, Document, namespace, server
from tests.support.peers import until
from turnout.kube.reflector import Reflector
from turnout.store import ApiError, ApiResource, Listing, UnreachableError, WatchEvent, revision_of
from turnout.store.memory import Memory

Scenario = Callable[[Memory, Reflector], Awaitable[None]]


def follow(scenario: Scenario, store: Memory | None = None) -> None:
    async def run() -> None:
        memory = store if store is not None else Memory()
        reflector = Reflector(memory, SERVERS, lambda: None, dice=lambda: 0.0)
        task = asyncio.create_task(reflector.run())
        try:
            await asyncio.wait_for(reflector.synced.wait(), 10)
            await scenario(memory, reflector)
            assert not task.done()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())


async def same(store: Memory, reflector: Reflector) -> None:
    """Waits until the copy is what the store has."""
    listing = await store.list(SERVERS)
    wanted = {f"default/{each['metadata']['name']}": each for each in listing.items}
    await until(lambda: reflector.documents == wanted and reflector.position >= int(listing.resource_version))


def test_the_copy_follows_the_store() -> None:
    async def scenario(store: Memory, reflector: Reflector) -> None:
        await store.create(SERVERS, "default", server("a"))
        await store.create(SERVERS, "default", server("b"))
        await store.patch(SERVERS, "default", "a", {"spec": {"port": 1}})
        await store.delete(SERVERS, "default", "b")
        await same(store, reflector)

    follow(scenario)


def test_a_bookmark_moves_the_position_and_is_no_edit() -> None:
    async def scenario(store: Memory, reflector: Reflector) -> None:
        edits = reflector.edits
        made = await store.create(NAMESPACES, "", namespace())
        await until(lambda: reflector.position >= revision_of(made))
        assert reflector.edits == edits

    follow(scenario)


def test_what_we_wrote_ourselves_is_no_edit_when_it_comes_back() -> None:
    async def scenario(store: Memory, reflector: Reflector) -> None:
        await store.create(SERVERS, "default", server("a"))
        await same(store, reflector)
        edits = reflector.edits
        reflector.observe(await store.patch_status(SERVERS, "default", "a", {"conditions": []}))
        assert "status" in reflector.documents["default/a"]
        await same(store, reflector)
        assert reflector.edits == edits

    follow(scenario)


def test_a_status_that_somebody_else_writes_is_an_echo_and_no_edit() -> None:
    async def scenario(store: Memory, reflector: Reflector) -> None:
        await store.create(SERVERS, "default", server("a"))
        await same(store, reflector)
        edits, echoes = reflector.edits, reflector.echoes
        await store.patch_status(SERVERS, "default", "a", {"conditions": []})
        await same(store, reflector)
        assert (reflector.edits, reflector.echoes) == (edits, echoes + 1)
        await store.patch(SERVERS, "default", "a", {"metadata": {"labels": {"a": "b"}}})
        await same(store, reflector)
        assert (reflector.edits, reflector.echoes) == (edits + 1, echoes + 1)

    follow(scenario)


def test_an_old_answer_brings_nothing_back() -> None:
    async def scenario(store: Memory, reflector: Reflector) -> None:
        made = await store.create(SERVERS, "default", server("a"))
        await store.delete(SERVERS, "default", "a")
        await same(store, reflector)
        reflector.observe(made)
        assert reflector.documents == {}

    follow(scenario)


def test_a_list_that_was_on_its_way_does_not_undo_what_was_observed() -> None:
    class Slow(Memory):
        during: Callable[[], Awaitable[None]] | None = None

        async def list(self, resource: ApiResource, namespace: str = "") -> Listing:
            listing = await super().list(resource, namespace)
            if self.during is not None:
                await self.during()
            return listing

    async def check() -> None:
        store = Slow()
        await store.create(SERVERS, "default", server("a"))
        reflector = Reflector(store, SERVERS, lambda: None)
        await reflector.refresh()
        await store.create(NAMESPACES, "", namespace())

        async def write() -> None:
            reflector.observe(await store.patch_status(SERVERS, "default", "a", {"conditions": []}))

        store.during = write
        await reflector.refresh()
        assert "status" in reflector.documents["default/a"]

    asyncio.run(check())


class Faulty(Memory):
    """Watches that end, break off, forget and repeat themselves, in turns."""

    turn = 0
    listed = 0

    async def list(self, resource: ApiResource, namespace: str = "") -> Listing:
        self.listed += 1
        if self.listed == 1:
            raise UnreachableError("not yet")
        return await super().list(resource, namespace)

    async def watch(
        self, resource: ApiResource, resource_version: str, namespace: str = ""
    ) -> AsyncGenerator[WatchEvent, None]:
        self.turn += 1
        fault = self.turn % 4
        if fault == 1:
            raise ApiError(410, "Expired", "too old")
        if fault == 2:
            raise ApiError(500, "InternalError", "sorry")
        since = "0" if fault == 3 else resource_version
        count = 0
        async for event in super().watch(resource, since, namespace):
            yield event
            count += 1
            if count == 2 and fault == 3:
                raise UnreachableError("broke off")
            if count == 2:
                return


def test_the_copy_is_right_whatever_becomes_of_the_watches() -> None:
    async def scenario(store: Memory, reflector: Reflector) -> None:
        for number in range(12):
            await store.create(SERVERS, "default", server(f"s{number}"))
            if number % 3 == 0:
                await store.delete(SERVERS, "default", f"s{number}")
            await asyncio.sleep(0)
        await same(store, reflector)
        assert isinstance(store, Faulty)
        assert store.listed >= 2

    follow(scenario, Faulty())


def test_documents_that_have_not_changed_stay_the_same_objects() -> None:
    async def scenario(store: Memory, reflector: Reflector) -> None:
        await store.create(SERVERS, "default", server("a"))
        await same(store, reflector)
        before: Document = reflector.documents["default/a"]
        edits = reflector.edits
        await store.create(NAMESPACES, "", namespace())
        await reflector.refresh()
        assert reflector.documents["default/a"] is before
        assert reflector.edits == edits

    follow(scenario)
