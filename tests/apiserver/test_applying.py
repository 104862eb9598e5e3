"""Server-side apply on a store, of every sort of field."""

import asyncio
import copy
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from tests.support.ownership import gateway_configs
from turnout.apiserver.applying import LAST_APPLIED
from turnout.apiserver.database import Database
from turnout.apiserver.errors import StatusError
from turnout.apiserver.object_store import ObjectStore
from turnout.apiserver.options import Validation, WriteOptions
from turnout.apiserver.ownership.fields import fields_of
from turnout.apiserver.ownership.paths import shown
from turnout.apiserver.ownership.shapes import shape_of
from turnout.apiserver.paths import parse_path
from turnout.apiserver.stored import Stored
from turnout.apiserver.tracking import bare, owners
from turnout.apiserver.writes import Writes

GATEWAY = parse_path("/apis/gateway.networking.k8s.io/v1/namespaces/default/gateways/g")
STATUS = parse_path("/apis/gateway.networking.k8s.io/v1/namespaces/default/gateways/g/status")
ROUTE = parse_path("/apis/gateway.networking.k8s.io/v1/namespaces/default/httproutes/r")
NAMESPACES = parse_path("/api/v1/namespaces")
CONFIGS = gateway_configs()
MAIN = {"name": "main", "port": 8080, "protocol": "HTTP"}

Main = Callable[[Writes], Awaitable[None]]


def on_a_store(main: Main) -> None:
    async def run() -> None:
        store = ObjectStore(Database(None))
        writes = Writes(store)
        try:
            named = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}}
            await writes.create(NAMESPACES, named, WriteOptions())
            await main(writes)
        finally:
            await store.close()

    asyncio.run(run())


def gateway(**fields: Any) -> dict[str, Any]:
    spec = {"gatewayClassName": "turnout", "listeners": [MAIN], **fields}
    return {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "g"}, "spec": spec}


def route(weight: int, **metadata: Any) -> dict[str, Any]:
    """With the rules as a mapping: one rule."""
    rules = {"backendRefs": [{"name": "llm", "port": 80, "weight": weight}]}
    named = {"name": "r", **metadata}
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": named,
        "spec": {"rules": rules},
    }


async def apply(writes: Writes, document: dict[str, Any], manager: str = "m", *, force: bool = False) -> Stored:
    target = {"Gateway": GATEWAY, "HTTPRoute": ROUTE}[document["kind"]]
    written = await writes.apply(target, document, WriteOptions(manager=manager, force=force))
    return written.stored


def held(stored: Stored) -> dict[str, set[str]]:
    return {entry.writer.manager: {shown(path) for path in entry.fields} for entry in owners(stored.document)}


def code_of(error: pytest.ExceptionInfo[StatusError]) -> tuple[int, str]:
    return error.value.code, error.value.message


@settings(max_examples=30, deadline=None)
@given(CONFIGS)
def test_the_same_apply_again_moves_nothing(config: dict[str, Any]) -> None:
    async def main(writes: Writes) -> None:
        await apply(writes, gateway(), "owner")
        first = await apply(writes, config, force=True)

        assert await apply(writes, config, force=True) == first
        assert await apply(writes, config) == first

    on_a_store(main)


@settings(max_examples=30, deadline=None)
@given(CONFIGS)
def test_what_is_read_can_be_applied_and_stays(config: dict[str, Any]) -> None:
    async def main(writes: Writes) -> None:
        await apply(writes, gateway(), "owner")
        first = await apply(writes, config, force=True)
        read = copy.deepcopy(bare(first.document))
        del read["metadata"]["resourceVersion"]

        second = await apply(writes, read, force=True)
        third = await apply(writes, read, force=True)

        assert third == second
        assert bare(second.document)["spec"] == first.document["spec"]
        assert second.document["metadata"]["generation"] == first.document["metadata"]["generation"]

    on_a_store(main)


@settings(max_examples=40, deadline=None)
@given(CONFIGS, CONFIGS)
def test_two_managers_of_other_fields_never_meet(one: dict[str, Any], two: dict[str, Any]) -> None:
    """`two` is cut down to what `one` does not say; each then takes back all of its own, and nothing of the other's."""
    shape = shape_of(GATEWAY.kind)
    said = fields_of(shape, one)
    other = _cut_to_others(two, {shown(path) for path in said})

    async def main(writes: Writes) -> None:
        plain = bare((await apply(writes, gateway(), "owner")).document)
        first = await apply(writes, one, "one")
        await apply(writes, other, "two")

        nothing = {**one, "metadata": {"name": "g"}, "spec": {}}
        after = await apply(writes, nothing, "two")
        assert _content(after.document) == _content(first.document)
        gone = await apply(writes, nothing, "one")
        assert _content(gone.document) == _content(plain)

    on_a_store(main)


def _cut_to_others(config: dict[str, Any], said: set[str]) -> dict[str, Any]:
    kept = copy.deepcopy(config)
    for name in ("labels", "annotations"):
        named = kept["metadata"].get(name, {})
        for key in [key for key in named if f".metadata.{name}.{key}" in said]:
            del named[key]
    if "finalizers" in kept["metadata"]:
        kept["metadata"]["finalizers"] = [
            each for each in kept["metadata"]["finalizers"] if f'.metadata.finalizers[="{each}"]' not in said
        ]
    spec = kept.get("spec", {})
    if "listeners" in spec:
        spec["listeners"] = [
            each for each in spec["listeners"] if f'.spec.listeners[name="{each["name"]}"]' not in said
        ]
    if ".spec.addresses" in said:
        spec.pop("addresses", None)
    return kept


def _content(document: dict[str, Any]) -> Any:
    metadata = document["metadata"]
    listeners = sorted(document["spec"]["listeners"], key=lambda each: str(each["name"]))
    named = {key: metadata.get(key) or None for key in ("labels", "annotations")}
    return named, sorted(metadata.get("finalizers") or []), document["spec"] | {"listeners": listeners}


def test_an_apply_makes_what_is_not_there() -> None:
    async def main(writes: Writes) -> None:
        written = await writes.apply(ROUTE, route(1), WriteOptions(manager="m"))

        assert written.created
        assert written.stored.document["metadata"]["uid"]
        assert held(written.stored) == {"m": {".spec.rules"}}
        assert not (await writes.apply(ROUTE, route(2), WriteOptions(manager="m"))).created

    on_a_store(main)


def test_a_dry_run_stores_nothing() -> None:
    async def main(writes: Writes) -> None:
        made = await writes.apply(ROUTE, route(1), WriteOptions(manager="m", dry_run=True))
        assert made.created
        stored = await apply(writes, route(1))
        tried = await writes.apply(ROUTE, route(2), WriteOptions(manager="m", dry_run=True))

        assert tried.stored.document["spec"] != stored.document["spec"]
        assert await apply(writes, route(1)) == stored

    on_a_store(main)


def test_a_mapping_of_rules_is_one_rule_to_every_manager() -> None:
    async def main(writes: Writes) -> None:
        first = await apply(writes, route(1), "one")
        listed = route(1)
        listed["spec"]["rules"] = [listed["spec"]["rules"]]

        second = await apply(writes, listed, "two")

        assert second.document["spec"] == first.document["spec"]
        assert held(second) == {"one": {".spec.rules"}, "two": {".spec.rules"}}

    on_a_store(main)


def test_a_conflict_names_manager_and_field() -> None:
    async def main(writes: Writes) -> None:
        await apply(writes, route(1), "one")

        with pytest.raises(StatusError) as refused:
            await apply(writes, route(2), "two")

        said = 'Apply failed with 1 conflict: conflict with "one": .spec.rules'
        assert code_of(refused) == (409, said)
        cause = {"reason": "FieldManagerConflict", "message": 'conflict with "one"', "field": ".spec.rules"}
        assert refused.value.details == {"causes": [cause]}

    on_a_store(main)


def test_an_update_takes_over_and_the_applier_meets_a_conflict() -> None:
    async def main(writes: Writes) -> None:
        stored = await apply(writes, route(1), "one")
        await writes.replace(ROUTE, {**stored.document, "spec": route(2)["spec"]}, WriteOptions(manager="edit"))

        with pytest.raises(StatusError) as refused:
            await apply(writes, route(1), "one")
        assert 'conflict with "edit" using gateway.networking.k8s.io/v1: .spec.rules' in refused.value.message

        assert held(await apply(writes, route(1), "one", force=True)) == {"one": {".spec.rules"}}

    on_a_store(main)


def test_kubectl_takes_over_what_its_own_client_side_apply_wrote() -> None:
    async def main(writes: Writes) -> None:
        text = msgspec.json.encode(route(1)).decode()
        document = route(1, annotations={LAST_APPLIED: text})
        await writes.create(ROUTE, document, WriteOptions(manager="kubectl-client-side-apply"))

        with pytest.raises(StatusError):
            await apply(writes, route(2), "another")
        stored = await apply(writes, route(2), "kubectl")

        assert stored.document["spec"]["rules"][0]["backendRefs"][0]["weight"] == 2
        annotation = stored.document["metadata"]["annotations"][LAST_APPLIED]
        assert msgspec.json.decode(annotation) == route(2)

    on_a_store(main)


def test_a_status_is_applied_by_itself() -> None:
    async def main(writes: Writes) -> None:
        await apply(writes, gateway() | {"status": {"a": 1}})
        condition = {"type": "Ready", "status": "True"}
        config = gateway() | {"status": {"conditions": [condition]}}

        written = await writes.apply(STATUS, config, WriteOptions(manager="c"))
        both = await writes.apply(
            STATUS, gateway() | {"status": {"conditions": [{**condition, "type": "Other"}]}}, WriteOptions(manager="d")
        )
        back = await writes.apply(STATUS, gateway() | {"status": {}}, WriteOptions(manager="c"))

        assert written.stored.document["status"] == {"conditions": [condition]}
        assert [each["type"] for each in both.stored.document["status"]["conditions"]] == ["Ready", "Other"]
        assert [each["type"] for each in back.stored.document["status"]["conditions"]] == ["Other"]
        assert {entry.writer.subresource for entry in owners(back.stored.document)} == {"", "status"}

    on_a_store(main)


def test_a_status_of_nothing_is_not_found() -> None:
    async def main(writes: Writes) -> None:
        with pytest.raises(StatusError) as refused:
            await writes.apply(STATUS, gateway(), WriteOptions(manager="c"))
        assert refused.value.code == 404

    on_a_store(main)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"metadata": {"name": "g", "managedFields": [{"manager": "a"}]}}, "metadata.managedFields must be nil"),
        ({"apiVersion": "gateway.networking.k8s.io/v1beta1"}, "Incorrect version specified in apply patch"),
        ({"metadata": {"name": "other"}}, "does not match the name on the URL"),
        ({"metadata": 1}, "metadata is required"),
    ],
)
def test_what_cannot_be_applied_is_refused(change: dict[str, Any], said: str) -> None:
    async def main(writes: Writes) -> None:
        with pytest.raises(StatusError, match=said) as refused:
            await apply(writes, gateway() | change)
        assert refused.value.code == 400

    on_a_store(main)


def test_an_unknown_field_is_refused_warned_of_or_cut() -> None:
    async def main(writes: Writes) -> None:
        document = gateway(spam=1)
        strict, warn, ignore = (
            WriteOptions(manager="m", validation=each)
            for each in (Validation.STRICT, Validation.WARN, Validation.IGNORE)
        )

        with pytest.raises(StatusError, match=r"\.spec\.spam: field not declared in schema") as refused:
            await writes.apply(GATEWAY, document, strict)

        assert refused.value.code == 400
        assert (await writes.apply(GATEWAY, document, warn)).warnings == ('unknown field "spec.spam"',)
        written = await writes.apply(GATEWAY, document, ignore)
        assert not written.warnings
        assert "spam" not in written.stored.document["spec"]

    on_a_store(main)


def test_a_stale_version_is_a_conflict() -> None:
    async def main(writes: Writes) -> None:
        first = await apply(writes, route(1))
        await apply(writes, route(2))
        version = first.document["metadata"]["resourceVersion"]

        with pytest.raises(StatusError, match="the object has been modified"):
            await apply(writes, route(3, resourceVersion=version))

    on_a_store(main)


def test_an_item_twice_is_refused_as_a_duplicate() -> None:
    async def main(writes: Writes) -> None:
        await apply(writes, gateway())

        with pytest.raises(StatusError, match="Duplicate value") as refused:
            await apply(writes, gateway(listeners=[MAIN, MAIN]))
        assert refused.value.code == 422

    on_a_store(main)


def test_what_was_never_tracked_belongs_to_before_the_first_apply() -> None:
    async def main(writes: Writes) -> None:
        stored = (await writes.create(ROUTE, route(1), WriteOptions())).stored
        await writes.patch(
            ROUTE, lambda old: old | {"metadata": old["metadata"] | {"managedFields": [{}]}}, WriteOptions()
        )

        with pytest.raises(
            StatusError, match=r'"before-first-apply" using gateway.networking.k8s.io/v1: \.spec\.rules'
        ):
            await apply(writes, route(2))
        again = await apply(writes, route(1))

        assert again.document["spec"] == stored.document["spec"]
        assert set(held(again)) == {"m", "before-first-apply"}

    on_a_store(main)
