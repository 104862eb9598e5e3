"""Watches: against a real process, and the transitions that selectors make."""

import asyncio
import itertools
import socket
from collections.abc import AsyncGenerator, Iterator, MutableMapping
from contextlib import closing
from typing import Any

import pytest

from tests.support.api import ApiClient, ApiProcess, api
from turnout.apiserver import watching
from turnout.apiserver.list_options import ListOptions
from turnout.apiserver.selectors import by_labels
from turnout.apiserver.stored import Change, Key, Stored
from turnout.apiserver.watching import WatchResponse, event_of

SERVERS = "/apis/turnout.dev/v1alpha1/namespaces/default/modelservers"
NAMES = (f"n{number}" for number in itertools.count())


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiProcess]:
    with api(tmp_path_factory.mktemp("api")) as running:
        yield running


@pytest.fixture
def client(served: ApiProcess) -> Iterator[ApiClient]:
    with closing(ApiClient(served.port)) as opened:
        yield opened


@pytest.fixture
def name() -> str:
    return next(NAMES)


def server(name: str, **labels: str) -> dict[str, Any]:
    return {
        "apiVersion": "turnout.dev/v1alpha1",
        "kind": "ModelServer",
        "metadata": {"name": name, "labels": labels},
        "spec": {"address": "127.0.0.1", "port": 1},
    }


def version(client: ApiClient) -> int:
    return client.get(SERVERS).version


def seen(event: Any) -> tuple[str, str]:
    return event["type"], event["object"]["metadata"]["name"]


def test_a_watch_gives_what_happens_after_its_version(client: ApiClient, name: str) -> None:
    client.post(SERVERS, server(f"{name}-before"))
    since = version(client)
    client.post(SERVERS, server(name))

    with client.watch(f"{SERVERS}?watch=1&resourceVersion={since}") as events:
        assert seen(next(events)) == ("ADDED", name)
        patched = client.patch(f"{SERVERS}/{name}", {"spec": {"port": 2}})
        assert next(events) == {"type": "MODIFIED", "object": patched.document}
        client.delete(f"{SERVERS}/{name}")
        deleted = next(events)
        assert seen(deleted) == ("DELETED", name)
        assert int(deleted["object"]["metadata"]["resourceVersion"]) > patched.version
        assert deleted["object"]["spec"]["port"] == 2


@pytest.mark.parametrize("since", ["", "&resourceVersion=0", "&resourceVersion="])
def test_a_watch_without_a_version_begins_with_what_is_there(client: ApiClient, name: str, since: str) -> None:
    client.post(SERVERS, server(name, of=name))

    with client.watch(f"{SERVERS}?watch=true&labelSelector=of%3D{name}{since}") as events:
        assert seen(next(events)) == ("ADDED", name)
        client.post(SERVERS, server(f"{name}-later", of=name))
        assert seen(next(events)) == ("ADDED", f"{name}-later")


def test_a_write_that_changes_nothing_is_no_event(client: ApiClient, name: str) -> None:
    client.post(SERVERS, server(name))

    with client.watch(f"{SERVERS}?watch=1&resourceVersion={version(client)}") as events:
        client.patch(f"{SERVERS}/{name}", {"spec": {"port": 1}})
        client.patch(f"{SERVERS}/{name}", {"spec": {"port": 3}})
        assert next(events)["object"]["spec"]["port"] == 3


def test_a_watch_is_of_its_namespace_and_kind(client: ApiClient, name: str) -> None:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    since = version(client)
    client.post("/api/v1/namespaces", namespace)
    client.post(f"/apis/turnout.dev/v1alpha1/namespaces/{name}/modelservers", server("elsewhere"))
    client.post(SERVERS, server(name))

    with client.watch(f"{SERVERS}?watch=1&resourceVersion={since}") as events:
        assert seen(next(events)) == ("ADDED", name)
    with client.watch(f"/apis/turnout.dev/v1alpha1/modelservers?watch=1&resourceVersion={since}") as events:
        assert seen(next(events)) == ("ADDED", "elsewhere")


def test_a_watch_may_be_of_one_name(client: ApiClient, name: str) -> None:
    since = version(client)
    client.post(SERVERS, server(f"{name}-other"))
    client.post(SERVERS, server(name))

    path = f"{SERVERS}?watch=1&resourceVersion={since}&fieldSelector=metadata.name%3D{name}"
    with client.watch(path) as events:
        assert seen(next(events)) == ("ADDED", name)


def test_a_watch_ends_in_time_with_a_bookmark(client: ApiClient, name: str) -> None:
    client.post(SERVERS, server(name))
    since = version(client)
    client.patch("/api/v1/namespaces/default", {"metadata": {"labels": {"moved": name}}})

    path = f"{SERVERS}?watch=1&resourceVersion={since}&allowWatchBookmarks=true&timeoutSeconds=1"
    with client.watch(path) as events:
        (bookmark,) = list(events)
    assert bookmark["type"] == "BOOKMARK"
    assert bookmark["object"]["kind"] == "ModelServer"
    assert int(bookmark["object"]["metadata"]["resourceVersion"]) > since  # past the Namespace's change


def test_a_watch_without_bookmarks_has_none(client: ApiClient) -> None:
    with client.watch(f"{SERVERS}?watch=1&resourceVersion={version(client)}&timeoutSeconds=1") as events:
        assert list(events) == []


def test_a_watch_from_before_the_start_is_gone(client: ApiClient) -> None:
    answer = client.get(f"{SERVERS}?watch=1&resourceVersion=1")

    assert (answer.code, answer.document["reason"]) == (410, "Expired")
    assert "too old resource version: 1" in answer.document["message"]


def test_a_watch_from_another_store_is_gone(client: ApiClient) -> None:
    answer = client.get(f"{SERVERS}?watch=1&resourceVersion={version(client) + 1}")

    assert (answer.code, answer.document["reason"]) == (410, "Expired")


INITIAL = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"


def test_initial_events_end_with_a_bookmark_that_says_so(client: ApiClient, name: str) -> None:
    client.post(SERVERS, server(name, of=name))

    with client.watch(f"{SERVERS}?{INITIAL}&labelSelector=of%3D{name}&resourceVersion={version(client)}") as events:
        assert seen(next(events)) == ("ADDED", name)
        bookmark = next(events)
        assert bookmark["type"] == "BOOKMARK"
        assert bookmark["object"]["metadata"] == {
            "resourceVersion": str(version(client)),
            "annotations": {"k8s.io/initial-events-end": "true"},
        }
        client.post(SERVERS, server(f"{name}-later", of=name))
        assert seen(next(events)) == ("ADDED", f"{name}-later")


def test_a_watch_that_wants_no_initial_events_gets_none(client: ApiClient, name: str) -> None:
    client.post(SERVERS, server(name, of=name))

    asked = INITIAL.replace("sendInitialEvents=true", "sendInitialEvents=false")
    with client.watch(f"{SERVERS}?{asked}&labelSelector=of%3D{name}") as events:
        client.post(SERVERS, server(f"{name}-later", of=name))
        assert seen(next(events)) == ("ADDED", f"{name}-later")


def test_initial_events_without_their_match_are_refused(client: ApiClient) -> None:
    answer = client.get(f"{SERVERS}?watch=1&sendInitialEvents=true")

    assert (answer.code, answer.document["reason"]) == (422, "Invalid")
    assert "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan" in answer.document["message"]


def test_a_watch_may_be_of_tables(client: ApiClient, name: str) -> None:
    accept = "application/json;as=Table;v=v1;g=meta.k8s.io"
    client.post(SERVERS, server(name))
    path = f"{SERVERS}?watch=1&fieldSelector=metadata.name%3D{name}&timeoutSeconds=1"

    body = client.get(path, Accept=accept).body

    assert body.count(b"\n") == 1
    assert b'"kind":"Table"' in body
    assert f'"cells":["{name}"'.encode() in body


def test_a_client_that_goes_ends_its_watch(served: ApiProcess, client: ApiClient) -> None:
    """Many watches come and go, and the server still answers with as many files open as before."""
    import psutil

    from tests.support.system import until

    assert served.process is not None
    process = psutil.Process(served.process.pid)
    before = process.num_fds()
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", served.port)) as raw:
            raw.sendall(f"GET {SERVERS}?watch=1 HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            assert raw.recv(64).startswith(b"HTTP/1.1 200")

    assert client.get("/healthz").code == 200
    assert until(lambda: process.num_fds() <= before + 1)


def test_a_watch_is_ended_when_the_server_ends(tmp_path_factory: pytest.TempPathFactory) -> None:
    with api(tmp_path_factory.mktemp("api")) as running, closing(ApiClient(running.port)) as client:
        with client.watch(f"{SERVERS}?watch=1") as events:
            assert running.process is not None
            running.process.terminate()
            assert list(events) == []
        assert running.process.wait(20) == 0


KEY = Key("g", "things", "default", "a")


def stored(version: int, *, selected: bool) -> Stored:
    labels = {"on": "yes"} if selected else {}
    return Stored.at(KEY, version, {"metadata": {"name": "a", "labels": labels}})


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (None, True, "ADDED"),
        (None, False, ""),
        (False, True, "ADDED"),
        (True, True, "MODIFIED"),
        (True, False, "DELETED"),
        (False, False, ""),
        (True, None, "DELETED"),
        (False, None, ""),
    ],
)
def test_a_selector_makes_its_own_transitions(before: bool | None, after: bool | None, kind: str) -> None:
    old = stored(3, selected=before) if before is not None else None
    new = stored(4, selected=after) if after is not None else None
    change = Change(KEY, 4, old, new, new or stored(4, selected=bool(before)))

    found, shown = event_of(change, ListOptions(by_labels("on")))

    assert found == kind
    if kind:
        assert shown is not None
        assert shown.document["metadata"]["labels"] == {"on": "yes"}  # never what the client does not select
        assert shown.document["metadata"]["resourceVersion"] == "4"


def test_a_client_that_takes_nothing_is_cut() -> None:
    async def lines() -> AsyncGenerator[bytes, None]:
        try:
            while True:
                yield b"x"
        finally:
            ended.append(True)

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message["type"])
        if len(sent) > 3:
            await asyncio.Event().wait()

    async def receive() -> MutableMapping[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    ended: list[bool] = []
    sent: list[str] = []
    response = WatchResponse(lines(), stall_seconds=0.01)
    asyncio.run(asyncio.wait_for(response({"type": "http"}, receive, send), 10))

    assert ended == [True]
    assert sent == ["http.response.start", *["http.response.body"] * 3]


def test_a_watch_that_falls_behind_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from turnout.apiserver.database import Database
    from turnout.apiserver.object_store import ObjectStore
    from turnout.apiserver.paths import parse_path
    from turnout.apiserver.stored import Transaction
    from turnout.apiserver.views import Whole

    async def main() -> list[bytes]:
        store = ObjectStore(Database(None, first=1), window_size=2)
        target = parse_path(SERVERS)
        view = Whole(target.kind, target.version)
        stream = watching.watch_response(store, target, ListOptions(by_labels(""), version=1), view)._lines
        got = [await anext(stream)]
        for number in range(4):
            key = Key("turnout.dev", "modelservers", "default", f"a{number}")
            await store.commit(Transaction({key: 0}, {key: server(key.name)}))
        got += [line async for line in stream]
        await store.close()
        return got

    first, error = asyncio.run(main())
    assert first == b""
    assert b'"type":"ERROR"' in error
    assert b'"code":410' in error
