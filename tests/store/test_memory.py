"""What only the store in memory does; what it shares with every provider is in test_provider.py."""

import asyncio

import pytest

from tests.support.objects import NAMESPACES, SERVERS, namespace, server
from turnout.store import ApiError, Bookmark
from turnout.store.memory import Memory


def test_a_version_that_fell_out_of_the_history_has_expired() -> None:
    async def check() -> None:
        memory = Memory(history=2)
        for number in range(4):
            await memory.create(SERVERS, "default", server(f"llm-{number}"))
        with pytest.raises(ApiError) as refused:
            await anext(memory.watch(SERVERS, "1"))
        assert refused.value.expired
        assert await anext(memory.watch(SERVERS, "2"))

    asyncio.run(check())


def test_objects_are_made_at_the_time_of_the_clock() -> None:
    async def check() -> None:
        memory = Memory(clock=lambda: "2030-01-01T00:00:00Z")
        created = await memory.create(SERVERS, "default", server("llm-0"))
        assert created["metadata"]["creationTimestamp"] == "2030-01-01T00:00:00Z"

    asyncio.run(check())


def test_a_watch_says_how_far_it_is_when_only_other_kinds_change() -> None:
    async def check() -> None:
        memory = Memory()
        await memory.create(NAMESPACES, "", namespace())
        assert await anext(memory.watch(SERVERS, "0")) == Bookmark("1")

    asyncio.run(check())
