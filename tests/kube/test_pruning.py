"""Objects that no file holds any longer."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.objects import GATEWAY_CLASSES, NAMESPACES, POOLS, gateway_class, namespace, pool
from tests.support.real_api import RealApi
from turnout.kube.apply import apply_documents
from turnout.kube.client import Client
from turnout.kube.pruning import SOURCE, Pruned, identities, marked, prune
from turnout.store import ApiError

RESOURCES = (NAMESPACES, GATEWAY_CLASSES, POOLS)
Document = dict[str, Any]


@pytest.fixture
def api() -> Iterator[RealApi]:
    with RealApi() as running:
        yield running


def left(api: RealApi, before: list[Document], after: list[Document]) -> tuple[list[Pruned], set[str]]:
    """What was pruned when the files held `before` and then `after`, and the objects that are left."""

    async def run() -> tuple[list[Pruned], set[str]]:
        async with Client(api.url) as client:
            applied = await apply_documents(client, before)
            assert [each.error for each in applied if each.error] == []
            pruned = await prune(client, RESOURCES, ["/a"], after)
            lists = [await client.list(resource) for resource in RESOURCES]
            return pruned, {each["metadata"]["name"] for listing in lists for each in listing.items}

    return asyncio.run(run())


def test_only_what_came_from_the_source_and_is_in_it_no_longer_goes(api: RealApi) -> None:
    before = [namespace(), marked(pool("a"), "/a"), marked(pool("b"), "/a"), marked(pool("c"), "/other"), pool("d")]
    pruned, names = left(api, before, [pool("b")])
    assert pruned == [Pruned("inferencepool.inference.networking.k8s.io/a")]
    assert names == {"default", "b", "c", "d"}


def test_cluster_scoped_objects_are_told_apart_without_a_namespace(api: RealApi) -> None:
    before = [namespace(), marked(gateway_class(), "/a")]
    assert left(api, before, [gateway_class()])[1] == {"default", "turnout"}
    assert left(api, before, [])[1] == {"default"}


def test_another_version_is_the_same_object(api: RealApi) -> None:
    older = {**gateway_class(), "apiVersion": "gateway.networking.k8s.io/v1beta1"}
    assert left(api, [namespace(), marked(gateway_class(), "/a")], [older])[0] == []


def test_a_namespace_goes_last_and_only_if_it_is_empty_then(api: RealApi) -> None:
    inside, mine = pool("inside"), pool("mine")
    inside["metadata"]["namespace"] = mine["metadata"]["namespace"] = "team"
    before = [marked(namespace("team"), "/a"), marked(inside, "/a"), mine]
    pruned, names = left(api, before, [])
    assert pruned[-1] == Pruned("namespace/team", "it holds objects that are not from these files")
    assert names == {"team", "mine"}


def test_an_empty_namespace_goes(api: RealApi) -> None:
    inside = pool("inside")
    inside["metadata"]["namespace"] = "team"
    assert left(api, [marked(namespace("team"), "/a"), marked(inside, "/a")], [])[1] == set()


def test_a_delete_that_is_refused_is_told(api: RealApi, monkeypatch: pytest.MonkeyPatch) -> None:
    send = Client.send

    async def refuse(self: Client, method: str, *arguments: Any, **more: Any) -> Any:
        if method == "DELETE":
            raise ApiError(403, "Forbidden", "not yours")
        return await send(self, method, *arguments, **more)

    monkeypatch.setattr(Client, "send", refuse)
    pruned, names = left(api, [namespace(), marked(pool("a"), "/a")], [])
    assert pruned == [Pruned("inferencepool.inference.networking.k8s.io/a", "not yours")]
    assert "a" in names


def test_a_mark_leaves_other_annotations_and_the_document_alone() -> None:
    document = pool("a")
    document["metadata"]["annotations"] = {"a": "b"}
    assert marked(document, "/a")["metadata"]["annotations"] == {"a": "b", SOURCE: "/a"}
    assert document["metadata"]["annotations"] == {"a": "b"}


@pytest.mark.parametrize("metadata", [None, 1, {"annotations": 1}])
def test_what_has_no_metadata_is_not_marked(metadata: object) -> None:
    assert marked({"metadata": metadata}, "/a") == {"metadata": metadata}


def test_an_object_without_a_namespace_is_in_the_default_one() -> None:
    assert identities([pool("a"), namespace("n")], RESOURCES, "here") == {
        ("inference.networking.k8s.io", "InferencePool", "here", "a"),
        ("", "Namespace", "", "n"),
    }
