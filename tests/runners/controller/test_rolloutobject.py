"""A rollout's object in the store."""

import asyncio
from typing import Any

import pytest

from tests.support.objects import RESOURCES
from tests.support.rollout_stage import rollout
from turnout.runners.controller.rolloutobject import FINALIZER, RolloutObject
from turnout.store import ApiError
from turnout.store.memory import Memory

ROLLOUTS = RESOURCES["InferenceRollout"]
Document = dict[str, Any]


async def made() -> tuple[Memory, RolloutObject, list[Document]]:
    store, answers = Memory(), list[Document]()
    document = await store.create(ROLLOUTS, "default", rollout())
    return store, RolloutObject(document, store, ROLLOUTS, answers.append), answers


def test_what_it_writes_it_knows_and_tells() -> None:
    async def run() -> None:
        store, found, answers = await made()
        await found.write_status({"phase": "Healthy", "engine": {"a": 1}})
        assert found.status == (await store.get(ROLLOUTS, "default", "r"))["status"]
        assert answers == [found.document]

    asyncio.run(run())


def test_an_equal_status_is_not_written() -> None:
    async def run() -> None:
        _, found, answers = await made()
        await found.write_status({"phase": "Healthy"})
        await found.write_status({"phase": "Healthy"})
        assert len(answers) == 1

    asyncio.run(run())


def test_a_write_to_what_others_have_changed_is_a_conflict() -> None:
    async def run() -> None:
        store, found, _ = await made()
        await store.patch(ROLLOUTS, "default", "r", {"metadata": {"labels": {"a": "b"}}})
        with pytest.raises(ApiError) as caught:
            await found.write_status({"phase": "Healthy"})
        assert caught.value.conflict
        assert not await found.reread()
        await found.write_status({"phase": "Healthy"})

    asyncio.run(run())


def test_an_engines_state_of_anothers_is_noticed() -> None:
    async def run() -> None:
        store, found, _ = await made()
        await found.write_status({"engine": {"a": 1}})
        assert found.take(await store.patch_status(ROLLOUTS, "default", "r", {"engine": {"a": 2}}))

    asyncio.run(run())


def test_its_own_write_that_the_watch_brings_first_is_not_anothers() -> None:
    async def run() -> None:
        store, found, _ = await made()
        foreign: list[bool] = []

        class Early(Memory):
            async def patch_status(self, *args: Any, **options: Any) -> Document:
                document = await store.patch_status(*args, **options)
                foreign.append(found.take(document))
                return document

        found._provider = Early()
        await found.write_status({"engine": {"a": 1}})
        assert foreign == [False]

    asyncio.run(run())


def test_the_finalizer_is_added_once_and_taken_away_alone() -> None:
    async def run() -> None:
        store, found, answers = await made()
        found.take(await store.patch(ROLLOUTS, "default", "r", {"metadata": {"finalizers": ["other/one"]}}))
        await found.hold()
        await found.hold()
        assert found.document["metadata"]["finalizers"] == ["other/one", FINALIZER]
        assert len(answers) == 1
        await found.let_go()
        assert found.document["metadata"]["finalizers"] == ["other/one"]

    asyncio.run(run())


def test_an_object_of_the_same_name_is_another() -> None:
    async def run() -> None:
        store, found, _ = await made()
        await store.delete(ROLLOUTS, "default", "r")
        other = await store.create(ROLLOUTS, "default", rollout())
        assert not found.take(other)
        assert found.document["metadata"]["uid"] != other["metadata"]["uid"]

    asyncio.run(run())
