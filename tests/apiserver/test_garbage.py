"""What becomes of dependents."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from turnout.apiserver.database import Database
from turnout.apiserver.deletion import namespace_key
from turnout.apiserver.errors import StatusError
from turnout.apiserver.garbage import FOREGROUND
from turnout.apiserver.lifecycle import is_deleting
from turnout.apiserver.object_store import ObjectStore
from turnout.apiserver.options import DeleteOptions, Policy, WriteOptions, delete_options
from turnout.apiserver.paths import Target, parse_path
from turnout.apiserver.stored import Stored, Transaction
from turnout.apiserver.writes import Writes

NAMESPACES = parse_path("/api/v1/namespaces")
CONFIGMAPS = parse_path("/api/v1/namespaces/default/configmaps")
OPTIONS = WriteOptions()
NAMES = "abcde"

Main = Callable[["Stage"], Awaitable[None]]


class Stage:
    """A store with a Namespace, on which ConfigMaps own each other."""

    def __init__(self, store: ObjectStore) -> None:
        self.store = store
        self.writes = Writes(store)

    async def create(self, name: str, *owners: Stored, blocks: bool = True, **metadata: Any) -> Stored:
        references = [self.reference(each, blocks=blocks) for each in owners]
        named = {"name": name, "ownerReferences": references, **metadata}
        document = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": named}
        return (await self.writes.create(CONFIGMAPS, document, OPTIONS)).stored

    def reference(self, owner: Stored, *, blocks: bool = True) -> dict[str, Any]:
        metadata = owner.document["metadata"]
        kind = {key: owner.document[key] for key in ("apiVersion", "kind")}
        return {**kind, "name": metadata["name"], "uid": metadata["uid"], "blockOwnerDeletion": blocks}

    async def own(self, name: str, *owners: Stored) -> None:
        references = [self.reference(each) for each in owners]
        await self.writes.patch(
            target(name), lambda old: {**old, "metadata": {**old["metadata"], "ownerReferences": references}}, OPTIONS
        )

    async def delete(self, name: str, policy: Policy | None = None) -> bool:
        return (await self.writes.deletion.delete(target(name), DeleteOptions(policy=policy))).removed

    async def release(self, name: str) -> None:
        await self.writes.patch(
            target(name), lambda old: {**old, "metadata": {**old["metadata"], "finalizers": []}}, OPTIONS
        )

    def left(self) -> dict[str, set[str]]:
        """The names of the objects and of their owners."""
        return {
            stored.key.name: {each["name"] for each in stored.document["metadata"].get("ownerReferences") or ()}
            for stored in self.store.list(("", "configmaps"))
        }

    def find(self, name: str) -> Stored:
        stored = self.store.get(target(name).key)
        assert stored is not None
        return stored


def target(name: str) -> Target:
    return Target(CONFIGMAPS.kind, "v1", "default", name)


def on_a_stage(main: Main, path: Path | None = None) -> None:
    async def run() -> None:
        store = ObjectStore(Database(path))
        stage = Stage(store)
        try:
            if store.get(namespace_key("default")) is None:
                named = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}}
                await stage.writes.create(NAMESPACES, named, OPTIONS)
            await main(stage)
        finally:
            await store.close()

    asyncio.run(run())


def survivors(owners: dict[str, set[str]], root: str, *, orphan: bool) -> dict[str, set[str]]:
    """What the rules leave: an object goes when it had owners and all of them have gone."""
    gone = {root}
    while not orphan:
        more = {name for name, named in owners.items() if named and named <= gone} - gone
        if not more:
            break
        gone |= more
    return {name: named - gone for name, named in owners.items() if name not in gone}


Graphs = st.dictionaries(st.sampled_from(NAMES), st.sets(st.sampled_from(NAMES), max_size=3))


@settings(max_examples=60, deadline=None)
@given(Graphs, st.sampled_from(NAMES), st.sampled_from([None, *Policy]))
def test_what_is_left_is_what_the_rules_leave(graph: dict[str, set[str]], root: str, policy: Policy | None) -> None:
    owners = {name: graph.get(name, set()) - {name} for name in NAMES}

    async def main(stage: Stage) -> None:
        made = {name: await stage.create(name) for name in NAMES}
        for name, named in owners.items():
            await stage.own(name, *(made[each] for each in sorted(named)))

        await stage.delete(root, policy)

        assert stage.left() == survivors(owners, root, orphan=policy is Policy.ORPHAN)

    on_a_stage(main)


def test_an_owner_in_the_foreground_waits_for_those_that_block_it() -> None:
    async def main(stage: Stage) -> None:
        owner = await stage.create("owner")
        await stage.create("blocks", owner, finalizers=["x.dev/y"])
        await stage.create("free", owner)

        assert not await stage.delete("owner", Policy.FOREGROUND)

        assert set(stage.left()) == {"owner", "blocks"}
        assert stage.find("owner").document["metadata"]["finalizers"] == [FOREGROUND]
        assert is_deleting(stage.find("blocks").document)
        await stage.release("blocks")
        assert stage.left() == {}

    on_a_stage(main)


def test_an_owner_in_the_foreground_does_not_wait_for_those_that_do_not_block_it() -> None:
    async def main(stage: Stage) -> None:
        owner = await stage.create("owner")
        await stage.create("held", owner, blocks=False, finalizers=["x.dev/y"])

        assert await stage.delete("owner", Policy.FOREGROUND)

        assert set(stage.left()) == {"held"}
        assert is_deleting(stage.find("held").document)

    on_a_stage(main)


def test_the_foreground_reaches_the_dependents_of_dependents() -> None:
    async def main(stage: Stage) -> None:
        top = await stage.create("top")
        middle = await stage.create("middle", top)
        await stage.create("bottom", middle, finalizers=["x.dev/y"])

        await stage.delete("top", Policy.FOREGROUND)

        assert set(stage.left()) == {"top", "middle", "bottom"}
        await stage.release("bottom")
        assert stage.left() == {}

    on_a_stage(main)


def test_those_that_own_each_other_do_not_wait_for_each_other() -> None:
    async def main(stage: Stage) -> None:
        one = await stage.create("one")
        two = await stage.create("two", one)
        await stage.own("one", two)
        await stage.create("three", two)

        await stage.delete("one", Policy.FOREGROUND)

        assert stage.left() == {}

    on_a_stage(main)


def test_a_second_delete_in_the_background_ends_the_wait() -> None:
    async def main(stage: Stage) -> None:
        owner = await stage.create("owner")
        await stage.create("blocks", owner, finalizers=["x.dev/y"])
        await stage.delete("owner", Policy.FOREGROUND)

        assert await stage.delete("owner", Policy.BACKGROUND)

        assert set(stage.left()) == {"blocks"}

    on_a_stage(main)


def test_finalizers_of_others_hold_an_object_whatever_the_policy() -> None:
    async def main(stage: Stage) -> None:
        owner = await stage.create("owner", finalizers=["x.dev/y"])
        await stage.create("mine", owner)

        assert not await stage.delete("owner", Policy.BACKGROUND)
        assert set(stage.left()) == {"owner", "mine"}
        await stage.release("owner")
        assert stage.left() == {}

    on_a_stage(main)


def test_an_object_whose_owner_never_was_goes() -> None:
    async def main(stage: Stage) -> None:
        owner = await stage.create("owner")
        await stage.delete("owner")

        await stage.create("late", owner)

        assert stage.left() == {}

    on_a_stage(main)


def test_an_owner_of_that_name_with_another_uid_is_none() -> None:
    async def main(stage: Stage) -> None:
        owner = await stage.create("owner")
        await stage.delete("owner")
        await stage.create("owner")

        await stage.create("late", owner)

        assert set(stage.left()) == {"owner"}

    on_a_stage(main)


@pytest.mark.parametrize(
    "kind",
    [{"apiVersion": "apps/v1", "kind": "Deployment"}, {"apiVersion": "turnout.dev/v1alpha1", "kind": "Spam"}],
)
def test_an_owner_that_is_not_served_here_is_left_to_others(kind: dict[str, str]) -> None:
    async def main(stage: Stage) -> None:
        await stage.create("mine", ownerReferences=[{**kind, "name": "x", "uid": "1"}])

        assert set(stage.left()) == {"mine"}

    on_a_stage(main)


def test_what_a_cluster_wide_object_owns_goes_in_every_namespace() -> None:
    async def main(stage: Stage) -> None:
        classes = parse_path("/apis/gateway.networking.k8s.io/v1/gatewayclasses")
        document = {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "GatewayClass",
            "metadata": {"name": "c"},
            "spec": {"controllerName": "a.dev/b"},
        }
        owner = (await stage.writes.create(classes, document, OPTIONS)).stored
        await stage.create("mine", owner)

        await stage.writes.deletion.delete(Target(classes.kind, "v1", "", "c"), DeleteOptions())

        assert stage.left() == {}

    on_a_stage(main)


def test_a_namespace_with_what_waits_in_it_is_emptied() -> None:
    async def main(stage: Stage) -> None:
        named = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "away"}}
        await stage.writes.create(NAMESPACES, named, OPTIONS)
        away = Target(CONFIGMAPS.kind, "v1", "away")
        owner = (
            await stage.writes.create(
                away, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}, OPTIONS
            )
        ).stored
        held = {"name": "b", "ownerReferences": [stage.reference(owner)], "finalizers": ["x.dev/y"]}
        await stage.writes.create(away, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": held}, OPTIONS)
        one = Target(away.kind, "v1", "away", "a")
        await stage.writes.deletion.delete(one, DeleteOptions(policy=Policy.FOREGROUND))

        space = Target(NAMESPACES.kind, "v1", "", "away")
        assert not (await stage.writes.deletion.delete(space, DeleteOptions())).removed
        two = Target(away.kind, "v1", "away", "b")
        await stage.writes.patch(two, lambda old: old | {"metadata": old["metadata"] | {"finalizers": []}}, OPTIONS)

        assert not list(stage.store.inside("away"))
        assert stage.store.get(namespace_key("away")) is None

    on_a_stage(main)


def test_a_restart_ends_what_was_begun(tmp_path: Path) -> None:
    async def before(stage: Stage) -> None:
        owner = await stage.create("owner")
        await stage.create("mine", owner)
        gone = await stage.create("gone")
        await stage.create("late", gone)
        marked = {**owner.document["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": [FOREGROUND]}
        writes = {owner.key: {**owner.document, "metadata": marked}, gone.key: None}
        # As if the process was killed between a delete and what follows from it.
        await stage.store.commit(Transaction({owner.key: owner.version, gone.key: gone.version}, writes))

    async def after(stage: Stage) -> None:
        assert set(stage.left()) == {"owner", "mine", "late"}
        await stage.writes.deletion.recover()
        assert stage.left() == {}

    on_a_stage(before, tmp_path / "db")
    on_a_stage(after, tmp_path / "db")


@pytest.mark.parametrize(
    ("query", "body", "policy"),
    [
        ({}, {}, None),
        ({}, {"propagationPolicy": "Foreground"}, Policy.FOREGROUND),
        ({"propagationPolicy": "Orphan"}, None, Policy.ORPHAN),
        ({}, {"orphanDependents": True}, Policy.ORPHAN),
        ({"orphanDependents": "false"}, None, Policy.BACKGROUND),
    ],
)
def test_a_policy_is_read(query: dict[str, str], body: dict[str, Any] | None, policy: Policy | None) -> None:
    assert delete_options(query, body).policy is policy


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"propagationPolicy": "Spam"}, 'propagationPolicy: Unsupported value: "Spam": supported values: "Foreground"'),
        ({"propagationPolicy": "Orphan", "orphanDependents": True}, "cannot be both set"),
    ],
)
def test_a_policy_that_is_none_is_refused(body: dict[str, Any], said: str) -> None:
    with pytest.raises(StatusError, match=said) as refused:
        delete_options({}, body)
    assert refused.value.code == 422
