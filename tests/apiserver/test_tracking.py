"""Owners kept with every write, on a store."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from turnout.apiserver.database import Database
from turnout.apiserver.object_store import ObjectStore
from turnout.apiserver.options import DeleteOptions, WriteOptions, write_options
from turnout.apiserver.ownership.entries import UPDATE, Writer
from turnout.apiserver.ownership.fields import compare
from turnout.apiserver.ownership.paths import shown
from turnout.apiserver.ownership.shapes import shape_of
from turnout.apiserver.ownership.writes import UNOWNED
from turnout.apiserver.paths import parse_path
from turnout.apiserver.stored import Stored
from turnout.apiserver.tracking import bare, owned, owners, writer_of
from turnout.apiserver.writes import Writes

NAMESPACES = parse_path("/api/v1/namespaces")
SERVER = parse_path("/apis/turnout.dev/v1alpha1/namespaces/default/modelservers/a")
STATUS = parse_path("/apis/turnout.dev/v1alpha1/namespaces/default/modelservers/a/status")
MINE = WriteOptions(manager="me")

Main = Callable[[Writes], Awaitable[None]]


def on_a_store(main: Main) -> None:
    async def run() -> None:
        store = ObjectStore(Database(None))
        writes = Writes(store)
        try:
            named = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}}
            await writes.create(NAMESPACES, named, MINE)
            await main(writes)
        finally:
            await store.close()

    asyncio.run(run())


def server(**metadata: Any) -> dict[str, Any]:
    spec = {"address": "127.0.0.1", "port": 1}
    head = {"apiVersion": "turnout.dev/v1alpha1", "kind": "ModelServer"}
    return {**head, "metadata": {"name": "a", **metadata}, "spec": spec}


async def edit(writes: Writes, options: WriteOptions = MINE, **metadata: Any) -> Stored:
    written = await writes.patch(SERVER, lambda old: {**old, "metadata": {**old["metadata"], **metadata}}, options)
    return written.stored


def held(stored: Stored) -> dict[str, set[str]]:
    return {entry.writer.manager: {shown(path) for path in entry.fields} for entry in owners(stored.document)}


def test_who_creates_owns_everything_with_its_defaults() -> None:
    async def main(writes: Writes) -> None:
        stored = (await writes.create(SERVER, server(labels={"x": "1"}), MINE)).stored

        spec = {".spec", ".spec.address", ".spec.port", ".spec.engine"}
        assert held(stored) == {"me": {".metadata.labels", ".metadata.labels.x", *spec}}
        assert stored.document["metadata"]["managedFields"][0]["apiVersion"] == "turnout.dev/v1alpha1"

    on_a_store(main)


def test_the_label_of_a_namespace_is_its_creators() -> None:
    async def main(writes: Writes) -> None:
        named = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}}
        stored = (await writes.create(NAMESPACES, named, MINE)).stored

        assert held(stored) == {"me": {".metadata.labels", ".metadata.labels.kubernetes.io/metadata.name"}}

    on_a_store(main)


def test_a_status_is_owned_beside_the_object() -> None:
    async def main(writes: Writes) -> None:
        created = (await writes.create(SERVER, server(), MINE)).stored
        stored = (await writes.patch(STATUS, lambda old: {**old, "status": {"a": 1}}, MINE)).stored

        entries = {entry.writer.subresource: entry for entry in owners(stored.document)}
        assert {shown(path) for path in entries["status"].fields} == {".status", ".status.a"}
        assert entries[""] == owners(created.document)[0]

    on_a_store(main)


def test_a_write_that_changes_nothing_moves_no_owner() -> None:
    async def main(writes: Writes) -> None:
        stored = (await writes.create(SERVER, server(), MINE)).stored

        assert await edit(writes, WriteOptions(manager="other")) == stored

    on_a_store(main)


def test_owners_that_are_sent_replace_those_that_are_stored() -> None:
    async def main(writes: Writes) -> None:
        stored = (await writes.create(SERVER, server(), MINE)).stored
        document = stored.document["metadata"]["managedFields"][0] | {"manager": "renamed"}

        assert set(held(await edit(writes, managedFields=[document]))) == {"renamed"}

    on_a_store(main)


@pytest.mark.parametrize("managed", [[], None, [{"manager": "x", "operation": "Spam"}], "spam"])
def test_owners_that_are_empty_or_unreadable_leave_those_that_are_stored(managed: Any) -> None:
    async def main(writes: Writes) -> None:
        stored = (await writes.create(SERVER, server(), MINE)).stored

        assert await edit(writes, managedFields=managed) == stored

    on_a_store(main)


def test_an_empty_entry_clears_the_owners_until_an_apply() -> None:
    async def main(writes: Writes) -> None:
        await writes.create(SERVER, server(), MINE)

        assert held(await edit(writes, managedFields=[{}])) == {}
        assert held(await edit(writes, labels={"x": "1"})) == {}
        applied = await writes.apply(SERVER, server(), WriteOptions(manager="applier"))
        assert set(held(applied.stored)) == {"applier", "before-first-apply"}

    on_a_store(main)


def test_a_status_write_cannot_change_the_owners() -> None:
    async def main(writes: Writes) -> None:
        stored = (await writes.create(SERVER, server(), MINE)).stored
        sent = {**stored.document, "metadata": {**stored.document["metadata"], "managedFields": [{}]}}

        assert (await writes.replace(STATUS, sent, MINE)).stored == stored

    on_a_store(main)


def test_an_object_that_is_marked_for_deletion_keeps_its_owners() -> None:
    async def main(writes: Writes) -> None:
        before = (await writes.create(SERVER, server(finalizers=["x.dev/y"]), MINE)).stored
        after = (await writes.deletion.delete(SERVER, DeleteOptions())).last

        assert held(after) == held(before)

    on_a_store(main)


Labels = st.dictionaries(st.sampled_from("abc"), st.sampled_from("12"), max_size=3)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["u", "v"]), Labels), max_size=6))
def test_every_label_is_owned_by_who_wrote_it_last_and_by_nobody_else(steps: list[tuple[str, dict[str, str]]]) -> None:
    async def main(writes: Writes) -> None:
        stored = (await writes.create(SERVER, server(), WriteOptions(manager="first"))).stored
        last: dict[str, str] = {}
        said: dict[str, str] = {}
        for manager, labels in steps:
            last = {key: manager if said.get(key) != labels[key] else last[key] for key in labels}
            said = labels
            stored = await edit(writes, WriteOptions(manager=manager), labels=labels)
        for key, manager in last.items():
            owning = {each for each, fields in held(stored).items() if f".metadata.labels.{key}" in fields}
            assert owning == {manager}
        everything = compare(shape_of(SERVER.kind), {"metadata": {}}, bare(stored.document)).added - UNOWNED
        assert everything == frozenset().union(*(entry.fields for entry in owners(stored.document)))

    on_a_store(main)


def test_a_writer_is_of_the_version_that_it_speaks() -> None:
    target = parse_path("/apis/gateway.networking.k8s.io/v1beta1/namespaces/default/httproutes/r/status")

    assert writer_of(target, "m") == Writer("m", UPDATE, "gateway.networking.k8s.io/v1beta1", "status")


def test_an_object_of_nobody_has_no_managed_fields() -> None:
    assert "managedFields" not in owned({"metadata": {"managedFields": [1]}}, ())["metadata"]


@pytest.mark.parametrize(
    ("query", "agent", "manager"),
    [
        ({"fieldManager": "me"}, "kubectl/v1", "me"),
        ({}, "kubectl/v1.32.4 (linux/amd64)", "kubectl"),
        ({}, "", "unknown"),
        ({}, "x" * 200, "x" * 128),
    ],
)
def test_a_writer_without_a_name_is_called_after_its_program(query: dict[str, str], agent: str, manager: str) -> None:
    assert write_options(query, agent).manager == manager
