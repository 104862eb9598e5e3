"""Writes on a store: who wins, what a generation counts, and what a restart finishes."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from turnout.apiserver.database import Database
from turnout.apiserver.deletion import namespace_key
from turnout.apiserver.errors import StatusError
from turnout.apiserver.lifecycle import terminating
from turnout.apiserver.object_store import ObjectStore
from turnout.apiserver.options import DeleteOptions, WriteOptions
from turnout.apiserver.paths import Target, parse_path
from turnout.apiserver.stored import Transaction
from turnout.apiserver.writes import Writes

NAMESPACES = parse_path("/api/v1/namespaces")
SERVERS = parse_path("/apis/turnout.dev/v1alpha1/namespaces/default/modelservers")
SERVER = parse_path("/apis/turnout.dev/v1alpha1/namespaces/default/modelservers/a")
STATUS = parse_path("/apis/turnout.dev/v1alpha1/namespaces/default/modelservers/a/status")
OPTIONS = WriteOptions()


def server(port: int = 1, **metadata: Any) -> dict[str, Any]:
    spec = {"address": "127.0.0.1", "port": port}
    return {
        "apiVersion": "turnout.dev/v1alpha1",
        "kind": "ModelServer",
        "metadata": {"name": "a", **metadata},
        "spec": spec,
    }


def with_writes(main: Callable[[Writes, ObjectStore], Awaitable[None]], path: Path | None = None) -> None:
    async def run() -> None:
        store = ObjectStore(Database(path))
        writes = Writes(store)
        try:
            if store.get(namespace_key("default")) is None:
                named = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}}
                await writes.create(NAMESPACES, named, OPTIONS)
            await main(writes, store)
        finally:
            await store.close()

    asyncio.run(run())


Actions = st.lists(
    st.tuples(st.sampled_from(["read", "replace", "status", "patch", "delete"]), st.integers(0, 2), st.integers(1, 3)),
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(Actions)
def test_a_write_wins_only_on_the_version_it_was_made_from(actions: list[tuple[str, int, int]]) -> None:
    """Three clients, each with the object as it last read it."""

    async def main(writes: Writes, store: ObjectStore) -> None:
        held: dict[int, dict[str, Any]] = {}
        for action, client, port in actions:
            current = store.get(SERVER.key)
            if current is None:
                held[client] = (await writes.create(SERVERS, server(), OPTIONS)).stored.document
                continue
            if action == "read" or client not in held:
                held[client] = current.document
                continue
            mine = held[client]
            fresh = mine["metadata"]["resourceVersion"] == current.document["metadata"]["resourceVersion"]
            if fresh:
                await _act(writes, action, mine, port)
                continue
            with pytest.raises(StatusError) as refused:
                await _act(writes, action, mine, port)
            assert refused.value.code == 409
            assert store.get(SERVER.key) == current

    with_writes(main)


async def _act(writes: Writes, action: str, mine: dict[str, Any], port: int) -> None:
    version = mine["metadata"]["resourceVersion"]
    if action == "replace":
        await writes.replace(SERVER, mine | {"spec": {**mine["spec"], "port": port}}, OPTIONS)
    elif action == "status":
        await writes.replace(STATUS, mine | {"status": {"port": port}}, OPTIONS)
    elif action == "patch":
        own = {"resourceVersion": version}
        await writes.patch(SERVER, lambda doc: doc | {"metadata": doc["metadata"] | own, "spec": mine["spec"]}, OPTIONS)
    else:
        await writes.deletion.delete(SERVER, DeleteOptions(resource_version=version))


Edits = st.lists(st.tuples(st.sampled_from(["spec", "label", "status"]), st.integers(1, 3)), min_size=1, max_size=15)


@settings(max_examples=60, deadline=None)
@given(Edits)
def test_the_generation_counts_changes_of_the_spec_and_the_version_any_change(edits: list[tuple[str, int]]) -> None:
    async def main(writes: Writes, store: ObjectStore) -> None:
        before = (await writes.create(SERVERS, server(), OPTIONS)).stored.document
        for what, value in edits:
            edited: dict[str, dict[str, Any]] = {
                "spec": {"spec": {**before["spec"], "port": value}},
                "label": {"metadata": {**before["metadata"], "labels": {"l": str(value)}}},
                "status": {"status": {"value": value}},
            }
            after = (
                await writes.replace(STATUS if what == "status" else SERVER, before | edited[what], OPTIONS)
            ).stored.document
            moved = after["spec"] != before["spec"]
            changed = any(after.get(part) != before.get(part) for part in ("spec", "status")) or (
                after["metadata"].get("labels") != before["metadata"].get("labels")
            )
            assert after["metadata"]["generation"] == before["metadata"]["generation"] + moved
            assert (after["metadata"]["resourceVersion"] != before["metadata"]["resourceVersion"]) is changed
            before = after

    with_writes(main)


def test_a_restart_ends_the_deletion_of_a_namespace(tmp_path: Path) -> None:
    away = Target(SERVERS.kind, SERVERS.version, "away")

    async def before(writes: Writes, store: ObjectStore) -> None:
        named = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "away"}}
        await writes.create(NAMESPACES, named, OPTIONS)
        await writes.create(away, server(), OPTIONS)
        stored = store.get(namespace_key("away"))
        assert stored is not None
        # What a delete does first; then the process is killed.
        closed = terminating(stored.document, "2026-01-01T00:00:00Z")
        await store.commit(Transaction({stored.key: stored.version}, {stored.key: closed}))

    async def after(writes: Writes, store: ObjectStore) -> None:
        await writes.deletion.recover()
        assert store.get(namespace_key("away")) is None
        assert not list(store.inside("away"))

    with_writes(before, tmp_path / "db")
    with_writes(after, tmp_path / "db")


def test_creates_race_with_the_deletion_of_their_namespace() -> None:
    """Each create is either refused or deleted with the rest: none is left without its namespace."""
    away = Target(SERVERS.kind, SERVERS.version, "away")

    async def main(writes: Writes, store: ObjectStore) -> None:
        named = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "away"}}
        await writes.create(NAMESPACES, named, OPTIONS)
        creates = [writes.create(away, server(name=f"n{number}"), OPTIONS) for number in range(40)]
        delete = writes.deletion.delete(Target(NAMESPACES.kind, "v1", "", "away"), DeleteOptions())
        outcomes = await asyncio.gather(*creates[:20], delete, *creates[20:], return_exceptions=True)

        assert all(not isinstance(each, BaseException) or isinstance(each, StatusError) for each in outcomes)
        assert any(isinstance(each, StatusError) for each in outcomes)
        assert store.get(namespace_key("away")) is None
        assert not list(store.inside("away"))

    with_writes(main)


@pytest.mark.parametrize(
    ("why", "text", "code", "reason", "message"),
    [
        (
            sqlite3.SQLITE_FULL,
            "database or disk is full",
            507,
            "InsufficientStorage",
            "No space left: the object was not stored: database or disk is full; nothing has changed",
        ),
        (
            sqlite3.SQLITE_IOERR_WRITE,
            "disk I/O error",
            500,
            "InternalError",
            "Internal error occurred: the object could not be stored: disk I/O error",
        ),
    ],
)
def test_a_full_disk_is_told_from_one_that_fails(
    monkeypatch: pytest.MonkeyPatch, why: int, text: str, code: int, reason: str, message: str
) -> None:
    async def main(writes: Writes, store: ObjectStore) -> None:
        def refuse(version: int, changes: object) -> None:
            error = sqlite3.OperationalError(text)
            error.sqlite_errorcode = why
            raise error

        monkeypatch.setattr(store._committer._database, "commit", refuse)
        with pytest.raises(StatusError) as refused:
            await writes.create(SERVERS, server(), OPTIONS)
        told = refused.value
        assert (told.code, told.reason, told.message) == (code, reason, message)

    with_writes(main)
