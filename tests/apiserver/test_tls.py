"""The API over TLS with a token, as kubectl and our own client meet it."""

import asyncio
import http.client
import socket
import ssl
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.support.kubectl import Kubectl, kubectl_for
from tests.support.objects import SERVERS
from tests.support.secured import Secured, secured
from turnout.apiserver.credentials import CredentialsFolder, utc_now
from turnout.kube.client import Client
from turnout.kube.kubeconfig import load, write_kubeconfig
from turnout.kube.target import Target
from turnout.runners.api_access import FOLDER
from turnout.store import ApiError, UnreachableError

NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}}
CONFIG = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"%s"},"data":{"a":"b"}}'


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    with secured(tmp_path_factory.mktemp("api")) as running:
        asyncio.run(_make_default(running.target))
        yield running


async def _make_default(target: Target) -> None:
    async with Client(target) as client:
        await client.send("POST", "/api/v1/namespaces", body=NAMESPACE)


@pytest.fixture
def kubectl(served: Secured, tmp_path: Path) -> Kubectl:
    return kubectl_for(served.kubeconfig, tmp_path)


def ask(served: Secured, path: str, method: str = "GET", **headers: str) -> tuple[int, bytes, str | None]:
    """The code, the body and `WWW-Authenticate`; TLS is checked by the CA."""
    port = int(served.target.server.rpartition(":")[2])
    tls = ssl.create_default_context(cadata=served.target.authority)
    connection = http.client.HTTPSConnection("localhost", port, context=tls, timeout=30)
    try:
        connection.request(method, path, headers=headers)
        with connection.getresponse() as response:
            return response.status, response.read(), response.headers["WWW-Authenticate"]
    finally:
        connection.close()


# kubectl


def test_kubectl_works_with_the_kubeconfig_as_it_is_written(kubectl: Kubectl, served: Secured) -> None:
    kubectl("apply", "-f", "-", stdin=CONFIG % "written")

    assert "b" in kubectl("get", "configmap", "written", "-o", "jsonpath={.data.a}").stdout
    kubectl("delete", "configmap", "written")
    assert stat.S_IMODE(served.kubeconfig.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("wrong", "error: You must be logged in to the server"),
        ("", "error: EOF"),  # it asks for a user name, and nobody answers
    ],
)
def test_kubectl_without_the_token_is_not_let_in(served: Secured, tmp_path: Path, token: str, words: str) -> None:
    write_kubeconfig(tmp_path / "k", served.target.server, token=token, authority=served.target.authority)
    kubectl = kubectl_for(tmp_path / "k", tmp_path)

    assert words in kubectl.refused("get", "configmaps")


def test_kubectl_does_not_trust_another_authority(served: Secured, tmp_path: Path) -> None:
    another = CredentialsFolder(tmp_path / "other").keep(["127.0.0.1"], utc_now()).authority
    write_kubeconfig(tmp_path / "k", served.target.server, token=served.target.token, authority=another)

    said = kubectl_for(tmp_path / "k", tmp_path).refused("get", "configmaps")

    assert "x509" in said


# Who is let in


@pytest.mark.parametrize(
    "path", ["/api", "/apis", "/version", "/openapi/v3", "/api/v1/secrets", "/nothing", "/", "/livez"]
)
@pytest.mark.parametrize("authorization", [None, "Bearer wrong", "Basic dDp0", "Bearer"])
def test_everything_but_health_needs_the_token(served: Secured, path: str, authorization: str | None) -> None:
    code, body, challenge = ask(served, path, **({"Authorization": authorization} if authorization else {}))

    assert code == 401
    assert challenge == 'Bearer realm="turnout"'
    assert msgspec.json.decode(body) == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": "Unauthorized",
        "reason": "Unauthorized",
        "code": 401,
    }


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_is_open(served: Secured, path: str) -> None:
    assert ask(served, path)[:2] == (200, b"ok")
    assert ask(served, path, "POST")[0] == 401


def test_the_token_lets_in_by_any_name(served: Secured) -> None:
    assert ask(served, "/api", Authorization=f"Bearer {served.target.token}", Host="gateway.example")[0] == 200


def test_plain_http_gets_nothing(served: Secured) -> None:
    port = int(served.target.server.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=30) as plain:
        plain.sendall(b"GET /api HTTP/1.1\r\nHost: localhost\r\n\r\n")
        try:
            said = plain.recv(1000)
        except ConnectionResetError:
            said = b""
    assert not said.startswith(b"HTTP/")


# Our own client


def test_our_client_lists_and_watches_with_the_kubeconfig(served: Secured) -> None:
    async def main() -> None:
        async with Client(load(served.kubeconfig)) as client:
            listed = await client.list(SERVERS)
            watch = client.watch(SERVERS, listed.resource_version)
            made = {"metadata": {"name": "seen"}, "spec": {"address": "127.0.0.1", "port": 1}}
            await client.create(
                SERVERS, "default", {"apiVersion": "turnout.dev/v1alpha1", "kind": "ModelServer", **made}
            )
            event = await asyncio.wait_for(anext(watch), 30)
            assert "seen" in str(event)
            await watch.aclose()
            await client.delete(SERVERS, "default", "seen")

    asyncio.run(main())


def test_our_client_without_the_token_is_refused(served: Secured) -> None:
    async def main() -> None:
        target = msgspec.structs.replace(served.target, token="wrong")
        async with Client(target) as client:
            with pytest.raises(ApiError, match="Unauthorized") as refused:
                await client.list(SERVERS)
            assert refused.value.code == 401

    asyncio.run(main())


def test_our_client_does_not_trust_another_authority(served: Secured) -> None:
    async def main() -> None:
        target = msgspec.structs.replace(served.target, authority="")
        async with Client(target) as client:
            with pytest.raises(UnreachableError, match=r"(?i)certificate"):
                await client.list(SERVERS)

    asyncio.run(main())


# Restarts


def test_a_kubeconfig_outlives_a_restart(tmp_path: Path) -> None:
    with secured(tmp_path) as first:
        pass
    with secured(tmp_path) as second:
        assert (second.target.authority, second.target.token) == (first.target.authority, first.target.token)
    assert stat.S_IMODE((tmp_path / FOLDER / "token").stat().st_mode) == 0o600
