"""Apply against the embedded API, and its pure parts."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from tests.support.objects import ROUTES, Document, gateway_class, namespace, pool, route, server
from tests.support.real_api import RealApi
from turnout.kube.apply import LAST_APPLIED, annotated, apply_documents, expand, in_order, last_applied
from turnout.kube.client import Client
from turnout.store.merge import merge


@pytest.fixture(scope="module")
def api() -> Iterator[RealApi]:
    with RealApi() as running:
        yield running


@pytest.fixture
def run(api: RealApi, request: pytest.FixtureRequest) -> Callable[[Callable[[Client, str], Awaitable[None]]], None]:
    """Runs a check with a client and a namespace of its own."""
    own = f"own-{abs(hash(request.node.name)) % 10**9}"

    def start(check: Callable[[Client, str], Awaitable[None]]) -> None:
        async def with_client() -> None:
            async with Client(api.url) as client:
                await apply_documents(client, [namespace(own)])
                await check(client, own)

        asyncio.run(with_client())

    return start


Run = Callable[[Callable[[Client, str], Awaitable[None]]], None]


async def applied(client: Client, own: str, *documents: Document) -> list[str]:
    return [each.outcome for each in await apply_documents(client, documents, namespace=own)]


def test_an_object_is_created_then_unchanged_then_configured(run: Run) -> None:
    async def check(client: Client, own: str) -> None:
        assert await applied(client, own, route(llm=90, llm_new=10)) == ["created"]
        assert await applied(client, own, route(llm=90, llm_new=10)) == ["unchanged"]
        assert await applied(client, own, route(llm=50, llm_new=50)) == ["configured"]
        live = await client.get(ROUTES, own, "route")
        assert [each["weight"] for each in live["spec"]["rules"][0]["backendRefs"]] == [50, 50]
        assert live["metadata"]["generation"] == 2

    run(check)


def test_the_seeds_rules_as_a_mapping_can_be_applied_again_and_again(run: Run) -> None:
    async def check(client: Client, own: str) -> None:
        document = route(llm=90, llm_new=10)
        document["spec"]["rules"] = document["spec"]["rules"][0]
        assert await applied(client, own, document) == ["created"]
        before = await client.get(ROUTES, own, "route")
        assert await applied(client, own, document) == ["unchanged"]
        assert await client.get(ROUTES, own, "route") == before
        document["spec"]["rules"]["backendRefs"][0]["weight"] = 1
        assert await applied(client, own, document) == ["configured"]

    run(check)


def test_what_is_left_out_is_taken_away_and_what_others_set_stays(run: Run) -> None:
    async def check(client: Client, own: str) -> None:
        document = route(llm=1)
        document["spec"]["hostnames"] = ["a.example"]
        await applied(client, own, document)
        await client.patch(ROUTES, own, "route", {"metadata": {"labels": {"theirs": "yes"}}})
        del document["spec"]["hostnames"]
        assert await applied(client, own, document) == ["configured"]
        live = await client.get(ROUTES, own, "route")
        assert "hostnames" not in live["spec"]
        assert live["metadata"]["labels"] == {"theirs": "yes"}

    run(check)


def test_every_document_is_tried(run: Run) -> None:
    async def check(client: Client, own: str) -> None:
        unnamed = pool("x")
        del unnamed["metadata"]["name"]
        documents = [
            {"apiVersion": "v9", "kind": "Nothing", "metadata": {"name": "a"}},
            unnamed,
            {**pool("p"), "spec": {"selector": 7}},
            {**server("elsewhere"), "metadata": {"name": "s", "namespace": "elsewhere"}},
            {"apiVersion": 3},
            pool("llm"),
        ]
        outcomes = await apply_documents(client, documents, namespace=own)
        assert [each.outcome for each in outcomes] == ["failed"] * 5 + ["created"]
        assert outcomes[0].error == 'no matches for kind "Nothing" in version "v9"'
        assert "metadata.name" in outcomes[1].error
        assert "spec.selector" in outcomes[2].error
        assert "does not match the namespace" in outcomes[3].error
        assert outcomes[5].name == "inferencepool.inference.networking.k8s.io/llm"
        assert outcomes[5].resource_version > 0

    run(check)


def test_the_servers_warnings_come_with_the_outcome(run: Run) -> None:
    async def check(client: Client, own: str) -> None:
        document = route(llm=1)
        document["spec"]["parentRefs"][0].update(group="inference.networking.k8s.io", kind="InferenceGateway")
        (outcome,) = await apply_documents(client, [document], namespace=own)
        assert outcome.outcome == "created"
        assert any("Gateway" in warning for warning in outcome.warnings)

    run(check)


def test_a_server_that_is_not_there_fails_each_document() -> None:
    async def check() -> None:
        async with Client("http://127.0.0.1:1") as client:
            outcomes = await apply_documents(client, [pool("a"), pool("b")], tries=1)
            assert [each.outcome for each in outcomes] == ["failed", "failed"]
            assert "127.0.0.1:1" in outcomes[0].error

    asyncio.run(check())


def test_what_others_stand_on_goes_first() -> None:
    documents = [route(), pool("b"), gateway_class(), pool("a"), namespace()]
    kinds = [each["kind"] for each in in_order(documents)]
    assert kinds == ["Namespace", "GatewayClass", "HTTPRoute", "InferencePool", "InferencePool"]
    assert [each["metadata"]["name"] for each in in_order(documents)][3:] == ["b", "a"]


def test_a_list_is_its_items() -> None:
    items: list[Any] = [pool("a"), pool("b")]
    assert expand([{"kind": "List", "apiVersion": "v1", "items": items}, route()]) == [*items, route()]


def test_the_annotation_holds_the_document_as_it_was_given() -> None:
    document = route(llm=1)
    first = annotated(document)
    assert merge(last_applied(first), {"metadata": {"annotations": None}}) == document
    assert annotated(first) == first


@pytest.mark.parametrize("text", ["", "{", "[]"])
def test_an_annotation_of_no_use_is_as_none(text: str) -> None:
    assert last_applied({"metadata": {"annotations": {LAST_APPLIED: text}}}) == {}
