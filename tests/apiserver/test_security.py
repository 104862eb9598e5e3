"""What an attacker may try on the API, against a real process: nothing of it is stored, and the API goes on."""

import asyncio
import contextlib
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from tests.support.api import ApiClient, ApiProcess, api
from tests.support.system import until

CONFIGS = "/api/v1/namespaces/default/configmaps"
SERVERS = "/apis/turnout.dev/v1alpha1/namespaces/default/modelservers"
CONFIG = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
WATCHES = 10_000


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiProcess]:
    with api(tmp_path_factory.mktemp("api")) as running:
        yield running


@pytest.fixture
def client(served: ApiProcess) -> Iterator[ApiClient]:
    with closing(ApiClient(served.port)) as opened:
        yield opened


@pytest.fixture(autouse=True)
def nothing_is_stored(client: ApiClient) -> Iterator[None]:
    before = client.get("/api/v1/configmaps").document["items"]
    yield
    assert client.get("/api/v1/configmaps").document["items"] == before
    assert client.get("/healthz").code == 200


def raw(port: int, request: bytes, seconds: float = 30.0) -> bytes:
    """What the server says until it closes the connection, or says nothing more for a while."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as opened:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            opened.sendall(request)
        said = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := opened.recv(65536):
                said += piece
                if b"\r\n\r\n" in said:
                    break
        return said


# A page in a browser


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8001", "127.0.0.1.evil.example", ""])
@pytest.mark.parametrize("path", ["/api", "/version", CONFIGS, "/openapi/v3", "/apis", "/livez"])
def test_a_name_that_was_rebound_to_loopback_is_refused(client: ApiClient, host: str, path: str) -> None:
    answer = client.send("GET", path, headers={"Host": host})

    assert (answer.code, answer.document["reason"]) == (403, "Forbidden")


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:8001"])
def test_a_cross_site_post_is_refused(client: ApiClient, origin: str) -> None:
    assert client.send("POST", CONFIGS, CONFIG, headers={"Origin": origin}).code == 403
    assert client.send("OPTIONS", CONFIGS, headers={"Origin": origin}).code == 403


@pytest.mark.parametrize(
    "media", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"]
)
def test_a_post_that_a_form_can_send_is_refused(client: ApiClient, media: str) -> None:
    assert client.post(CONFIGS, CONFIG, media=media).code == 415


# Names and paths


@pytest.mark.parametrize(
    "path",
    [
        f"{CONFIGS}/..%2f..%2fsecrets%2fa",
        f"{CONFIGS}/a%2Fb",
        f"{CONFIGS}/../secrets",
        f"{CONFIGS}/%2e%2e/secrets",
        f"{CONFIGS}/.",
        f"{CONFIGS}/a%00b",
        f"{CONFIGS}/a%0d%0aX-Header:%20b",
        f"{CONFIGS}/a%5c..%5cb",
        f"{CONFIGS}/%ff%fe",
        f"{CONFIGS}/%c3%a4",
        f"{CONFIGS}/a%",
        f"{CONFIGS}/a%zz",
        f"{CONFIGS}/{'a' * 5000}",
        "/api/v1/namespaces/default%2Fconfigmaps/a",
        "/api/v1/namespaces/../configmaps",
        "//api/v1//configmaps",
    ],
)
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_a_path_that_hides_something_leads_nowhere(client: ApiClient, method: str, path: str) -> None:
    body = None if method in ("GET", "DELETE") else CONFIG

    assert client.send(method, path, body, media="application/json").code in (400, 404, 405)


@pytest.mark.parametrize("name", ["../a", "a/b", "a%2fb", "..", ".", "A", "a\0b", "a b", "", "a" * 254, "ä", "-a"])
def test_an_object_of_an_odd_name_is_not_stored(client: ApiClient, name: str) -> None:
    document = {**CONFIG, "metadata": {"name": name}}

    assert client.post(CONFIGS, document).code in (400, 422)
    applied = client.patch(f"{CONFIGS}/a", document, media="application/apply-patch+yaml")
    assert applied.code in (400, 422)


@pytest.mark.parametrize("namespace", ["..", "%2e%2e", "A", "a" * 64])
def test_a_namespace_of_an_odd_name_holds_nothing(client: ApiClient, namespace: str) -> None:
    assert client.post(f"/api/v1/namespaces/{namespace}/configmaps", CONFIG).code in (400, 404)


# Bodies


def test_a_body_of_more_than_the_limit_is_refused_before_it_is_read(served: ApiProcess) -> None:
    head = f"POST {CONFIGS} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"

    said = raw(served.port, f"{head}Content-Length: 99999999999\r\n\r\n".encode())

    assert said.startswith(b"HTTP/1.1 413 ")


def test_a_body_in_chunks_is_read_no_further_than_the_limit(served: ApiProcess) -> None:
    head = f"POST {CONFIGS} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"

    said = raw(served.port, f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + chunk * 4)

    assert said.startswith(b"HTTP/1.1 413 ")


def test_an_object_of_more_than_the_limit_is_refused(client: ApiClient) -> None:
    large = {**CONFIG, "data": {"a": "x" * (3 * 512 * 1024)}}

    answer = client.post(CONFIGS, large)

    assert answer.code in (413, 422)
    assert "Request entity too large" in answer.document["message"] or "Too long" in answer.document["message"]


@pytest.mark.parametrize("opening", [b'{"a":', b"["])
@pytest.mark.parametrize("depth", [200, 1000, 100_000, 1_000_000])
def test_json_that_is_nested_too_deep_is_refused(client: ApiClient, opening: bytes, depth: int) -> None:
    closing_ = b"}" if opening.startswith(b"{") else b"]"
    nested = opening * depth + b"1" + closing_ * depth
    body = b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"a":' + nested + b"}}"

    assert client.send("POST", CONFIGS, body[: 3 * 1024 * 1024]).code in (400, 422)
    merged = client.patch(f"{CONFIGS}/a", body[: 3 * 1024 * 1024])
    assert merged.code in (400, 404, 422)


LAUGHS = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
)
DEEP_ALIASES = "\n".join(
    [f"a0: &a0 {'[' * 55}x{']' * 55}"] + [f"a{n}: &a{n} {'[' * 55}*a{n - 1}{']' * 55}" for n in range(1, 40)]
)
SELF = "a: &a [*a]"
YAML = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"


@pytest.mark.parametrize(
    "bomb",
    [LAUGHS, DEEP_ALIASES, SELF, f"a: {'[' * 100_000}", f"a: {'{a: ' * 100_000}", "a: !!python/object:os.system []"],
)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_yaml_bomb_is_refused(client: ApiClient, method: str, bomb: str) -> None:
    body = (YAML + bomb).encode()
    path, media = (CONFIGS, "application/yaml") if method == "POST" else (f"{CONFIGS}/a?fieldManager=m", APPLY)

    answer = client.send(method, path, body, media=media)

    assert answer.code in (400, 413, 422), answer.body[:200]


APPLY = "application/apply-patch+yaml"


def test_a_patch_that_doubles_itself_is_refused(client: ApiClient) -> None:
    client.post(SERVERS, {"apiVersion": "turnout.dev/v1alpha1", "kind": "ModelServer", "metadata": {"name": "p"},
                          "spec": {"address": "127.0.0.1", "port": 1}})  # fmt: skip
    start = {"op": "add", "path": "/metadata/annotations", "value": {"a": "x" * 1000}}
    doubling = [{"op": "copy", "from": "/metadata", "path": f"/metadata/{n}"} for n in range(40)]

    answer = client.patch(f"{SERVERS}/p", [start, *doubling], media="application/json-patch+json")

    assert answer.code == 422


# Heads and connections


@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /?labelSelector=" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: " + b"a" * 200_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X-A: a\r\n" * 20_000 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: " + b"a" * 200_000,
    ],
)
def test_a_head_that_is_too_long_ends_the_connection(served: ApiProcess, head: bytes) -> None:
    assert raw(served.port, head).startswith(b"HTTP/1.1 431 ")


def test_a_selector_of_nothing_but_commas_costs_no_time(client: ApiClient) -> None:
    begin = time.monotonic()

    client.get(f"{CONFIGS}?labelSelector={',' * 60_000}")
    client.get(f"{CONFIGS}?labelSelector={'a,' * 30_000}(")

    assert time.monotonic() - begin < 5  # square in the length it would be minutes


# Watches


def _room(count: int) -> None:
    """Lets this process open so many sockets, or skips the test."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + 500
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip(f"{count} sockets need RLIMIT_NOFILE {wanted}, and at most {hard} is allowed")
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def _watcher(port: int, begun: asyncio.Semaphore, gate: asyncio.Event, name: str) -> bytes:
    """The event that one watch gets."""
    path = f"{CONFIGS}?watch=1&fieldSelector=metadata.name%3D{name}"
    async with begun:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 "), head
    try:
        await gate.wait()
        return await reader.readuntil(b"}\n")
    finally:
        writer.transport.abort()


async def _all_watch(port: int, process: psutil.Process, count: int, name: str) -> tuple[list[bytes], int]:
    begun, gate = asyncio.Semaphore(200), asyncio.Event()
    tasks = [asyncio.create_task(_watcher(port, begun, gate, name)) for _ in range(count)]
    while process.num_fds() < count:
        await asyncio.sleep(0.05)
        for task in tasks:
            if task.done():
                task.result()
    async with begun:
        pass
    held = process.memory_info().rss
    gate.set()
    await asyncio.to_thread(_make, port, name)
    return await asyncio.gather(*tasks), held


def _make(port: int, name: str) -> None:
    with closing(ApiClient(port)) as client:
        assert client.post(CONFIGS, {**CONFIG, "metadata": {"name": name}}).code == 201


def test_ten_thousand_watches_each_see_an_event_and_leave_nothing_behind(tmp_path: Path) -> None:
    _room(WATCHES)
    with api(tmp_path) as running:
        assert running.process is not None
        process = psutil.Process(running.process.pid)
        files, rested = process.num_fds(), process.memory_info().rss

        events, held = asyncio.run(_all_watch(running.port, process, WATCHES, "seen"))

        assert len(events) == WATCHES
        assert all(b'"type":"ADDED"' in event and b'"name":"seen"' in event for event in events)
        assert (held - rested) / WATCHES < 64 * 1024
        assert until(lambda: process.num_fds() <= files + 2)
        # What was freed is used again, whether or not the allocator gave it back in between.
        _, again = asyncio.run(_all_watch(running.port, process, WATCHES // 4, "again"))
        assert again < held + (held - rested) // 8
        with closing(ApiClient(running.port)) as client:
            assert client.get("/readyz").code == 200


def test_a_watcher_that_never_reads_is_dropped(tmp_path: Path) -> None:
    with api(tmp_path) as running, closing(ApiClient(running.port)) as client:
        assert running.process is not None
        process = psutil.Process(running.process.pid)
        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.connect(("127.0.0.1", running.port))
            deaf.sendall(f"GET {CONFIGS}?watch=1 HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            client.post(CONFIGS, CONFIG)
            files, rested = process.num_fds(), process.memory_info().rss
            for number in range(60):
                assert client.patch(f"{CONFIGS}/a", {"data": {"a": f"{number}" + "x" * 1_000_000}}).code == 200
            grown = process.memory_info().rss - rested

            assert until(lambda: process.num_fds() < files, 60)
        assert grown < 400 * 1024 * 1024
