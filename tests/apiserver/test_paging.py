"""Lists in pages, each of the moment of the first."""

import asyncio
import base64
import itertools
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.api import ApiAnswer, ApiClient, ApiProcess, api
from turnout.apiserver.database import Database
from turnout.apiserver.errors import StatusError
from turnout.apiserver.list_options import ListOptions, list_options
from turnout.apiserver.object_store import ObjectStore
from turnout.apiserver.paging import Page, Place, list_page, read_token
from turnout.apiserver.paths import parse_path
from turnout.apiserver.selectors import everything
from turnout.apiserver.stored import Key, Transaction

PATH = "/api/v1/configmaps"
TARGET = parse_path(PATH)
NAMESPACES = (f"p{number}" for number in itertools.count())


# Against a real process


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiProcess]:
    with api(tmp_path_factory.mktemp("api")) as running:
        yield running


@pytest.fixture
def client(served: ApiProcess) -> Iterator[ApiClient]:
    with closing(ApiClient(served.port)) as opened:
        yield opened


@pytest.fixture
def configs(client: ApiClient) -> str:
    """A path with c0 ... c6 and nothing else."""
    namespace = next(NAMESPACES)
    client.post("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    for number in range(7):
        labels = {"even": "yes"} if number % 2 == 0 else {}
        client.post(path, config(f"c{number}", labels=labels))
    return path


def config(name: str, **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}}


def names(answer: ApiAnswer) -> list[str]:
    assert answer.code == 200, answer.body
    return [each["metadata"]["name"] for each in answer.document["items"]]


def test_a_list_comes_in_pages_of_one_moment(client: ApiClient, configs: str) -> None:
    first = client.get(f"{configs}?limit=3")
    client.delete(f"{configs}/c4")
    client.patch(f"{configs}/c5", {"data": {"a": "later"}})
    client.post(configs, config("c31"))
    second = client.get(f"{configs}?limit=3&continue={first.document['metadata']['continue']}")
    third = client.get(f"{configs}?limit=3&continue={second.document['metadata']['continue']}")

    assert [names(each) for each in (first, second, third)] == [["c0", "c1", "c2"], ["c3", "c4", "c5"], ["c6"]]
    assert "data" not in second.document["items"][2]
    assert first.version == second.version == third.version
    assert [each.document["metadata"].get("remainingItemCount") for each in (first, second, third)] == [4, 1, None]
    assert "continue" not in third.document["metadata"]


def test_a_limit_counts_what_is_selected_and_says_nothing_of_the_rest(client: ApiClient, configs: str) -> None:
    first = client.get(f"{configs}?limit=2&labelSelector=even")

    assert names(first) == ["c0", "c2"]
    assert "remainingItemCount" not in first.document["metadata"]
    rest = client.get(f"{configs}?limit=5&labelSelector=even&continue={first.document['metadata']['continue']}")
    assert names(rest) == ["c4", "c6"]


@pytest.mark.parametrize("form", ["Table", "PartialObjectMetadataList"])
def test_other_forms_come_in_pages_too(client: ApiClient, configs: str, form: str) -> None:
    answer = client.get(f"{configs}?limit=3", Accept=f"application/json;as={form};v=v1;g=meta.k8s.io")

    assert answer.document["kind"] == form
    assert answer.document["metadata"]["remainingItemCount"] == 4
    assert answer.document["metadata"]["continue"]


def test_a_list_of_exactly_a_version_is_of_then(client: ApiClient, configs: str) -> None:
    then = client.get(configs)
    client.delete(f"{configs}/c0")

    exact = client.get(f"{configs}?resourceVersion={then.version}&resourceVersionMatch=Exact")
    limited = client.get(f"{configs}?resourceVersion={then.version}&limit=1")
    newer = client.get(f"{configs}?resourceVersion={then.version}&resourceVersionMatch=NotOlderThan")

    assert exact.document == then.document
    assert (names(limited), limited.version) == (["c0"], then.version)
    assert names(newer) == ["c1", "c2", "c3", "c4", "c5", "c6"]
    assert names(client.get(f"{configs}?resourceVersion=0")) == names(newer)


def test_a_list_of_a_version_to_come_times_out(client: ApiClient, configs: str) -> None:
    for match in ("", "&resourceVersionMatch=Exact", "&resourceVersionMatch=NotOlderThan"):
        answer = client.get(f"{configs}?resourceVersion={client.get(configs).version + 1000}{match}")

        assert (answer.code, answer.document["reason"]) == (504, "Timeout")
        assert answer.document["details"]["causes"][0]["reason"] == "ResourceVersionTooLarge"


def test_a_list_of_a_forgotten_version_is_gone(client: ApiClient, configs: str) -> None:
    answer = client.get(f"{configs}?resourceVersion=1&resourceVersionMatch=Exact")

    assert (answer.code, answer.document["reason"]) == (410, "Expired")


def test_a_token_that_is_too_old_brings_one_that_goes_on(client: ApiClient, configs: str) -> None:
    namespace = configs.split("/")[4]
    answer = client.get(f"{configs}?limit=2&continue={Place(1, (namespace, 'c3')).token()}")

    assert (answer.code, answer.document["reason"]) == (410, "Expired")
    assert answer.document["message"].startswith("The provided continue parameter is too old")
    going_on = client.get(f"{configs}?limit=2&continue={answer.document['metadata']['continue']}")
    assert names(going_on) == ["c4", "c5"]
    assert names(client.get(f"{configs}?continue={going_on.document['metadata']['continue']}")) == ["c6"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("continue=%20", 400),
        ("continue=abc", 400),
        (f"continue={base64.urlsafe_b64encode(b'{}').decode()}", 400),
        ("limit=-1", 400),
        ("limit=x", 400),
        (f"resourceVersion=5&continue={Place(5, ('a', 'b')).token()}", 400),
        ("resourceVersionMatch=Exact", 422),
        ("resourceVersionMatch=Other&resourceVersion=1", 422),
        ("resourceVersionMatch=Exact&resourceVersion=0", 422),
        ("sendInitialEvents=true", 422),
        ("watch=1&resourceVersionMatch=NotOlderThan", 422),
        ("watch=1&sendInitialEvents=true&resourceVersionMatch=Exact", 422),
    ],
)
def test_options_that_do_not_go_together_are_refused(client: ApiClient, query: str, code: int) -> None:
    answer = client.get(f"{PATH}?{query}")

    assert answer.code == code, answer.body
    assert answer.document["kind"] == "Status"


# What always holds


def _inside(work: Callable[[ObjectStore], Awaitable[Any]], window: int = 1000) -> Any:
    async def main() -> Any:
        store = ObjectStore(Database(None, first=1), window_size=window)
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(main())


async def _write(store: ObjectStore, namespace: str, name: str, *, there: bool) -> None:
    key = Key("", "configmaps", namespace, name)
    stored = store.get(key)
    if stored is None and not there:
        return
    document = {**config(name), "data": {"v": str(store.version)}} if there else None
    await store.commit(Transaction({key: stored.version if stored else 0}, {key: document}))


WRITES = st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("wxyz"), st.booleans()), max_size=8)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 4), WRITES, st.lists(WRITES, max_size=6))
def test_pages_make_the_list_of_the_first_whatever_is_written_between(
    limit: int, before: list[tuple[str, str, bool]], between: list[list[tuple[str, str, bool]]]
) -> None:
    async def work(store: ObjectStore) -> None:
        for namespace, name, there in before:
            await _write(store, namespace, name, there=there)
        then = store.list(("", "configmaps"))
        page = list_page(store, TARGET, ListOptions(everything, limit=limit))
        version, seen = page.version, list(page.objects)
        for writes in itertools.chain(between, itertools.repeat([])):
            if "continue" not in page.more:
                break
            assert page.more["remainingItemCount"] == len(then) - len(seen)
            for namespace, name, there in writes:
                await _write(store, namespace, name, there=there)
            page = list_page(store, TARGET, ListOptions(everything, limit=limit, continues=page.more["continue"]))
            assert page.version == version
            seen += page.objects
        assert seen == then

    _inside(work)


def test_a_page_whose_moment_is_forgotten_is_gone() -> None:
    async def work(store: ObjectStore) -> None:
        for name in "wxyz":
            await _write(store, "a", name, there=True)
        first = list_page(store, TARGET, ListOptions(everything, limit=1))
        for _ in range(5):
            await _write(store, "a", "w", there=True)
        with pytest.raises(StatusError) as refused:
            list_page(store, TARGET, ListOptions(everything, limit=1, continues=first.more["continue"]))
        assert refused.value.code == 410
        page: Page = list_page(store, TARGET, ListOptions(everything, continues=refused.value.metadata["continue"]))
        assert [each.key.name for each in page.objects] == ["x", "y", "z"]

    _inside(work, window=2)


@given(st.integers(-1, 10**12), st.tuples(st.text(max_size=20), st.text(max_size=20)))
def test_a_token_leads_where_it_was_made_for(version: int, after: tuple[str, str]) -> None:
    place = Place(version, after)

    assert read_token(place.token()) == place


@given(st.text(max_size=60))
def test_a_text_that_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(StatusError, match="continue key is not valid"):
        read_token(text)


def test_options_are_read_from_the_query() -> None:
    options = list_options(TARGET.kind, {"limit": "5", "resourceVersion": "7"})

    assert (options.limit, options.version, options.exact, options.narrowed) == (5, 7, True, False)
