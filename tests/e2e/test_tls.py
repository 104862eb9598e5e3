"""`turnout up` with an HTTPS listener, and with a model server that asks for TLS and a key."""

import asyncio
import http.server
import json
import socket
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openai
import pytest
import yaml

from tests.support.certificates import Authority, encoded, server_context, tls_secret
from tests.support.kubectl import kubectl_for
from tests.support.resource_sets import gateway, http_route, model_server, pool
from tests.support.sim import Sim
from tests.support.system import System, system, until
from turnout.kube.client import Client
from turnout.store import ApiResource

pytestmark = pytest.mark.e2e

MODEL = "llama-3.1-8b"
SECRETS = ApiResource("", "v1", "secrets", "Secret", namespaced=True)
GATEWAYS = ApiResource("gateway.networking.k8s.io", "v1", "gateways", "Gateway", namespaced=True)
CA = Authority()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
    return port


def https(port: int, secret: str = "shown") -> dict[str, Any]:
    """A Gateway with one HTTPS listener for localhost."""
    tls = {"mode": "Terminate", "certificateRefs": [{"name": secret}]}
    return gateway(
        listeners=[{"name": "https", "port": port, "protocol": "HTTPS", "hostname": "localhost", "tls": tls}]
    )


def write(folder: Path, *documents: dict[str, Any]) -> str:
    path = folder / "all.yaml"
    path.write_text(yaml.safe_dump_all(documents))
    return str(path)


def certificate_at(port: int) -> str:
    """The certificate that is shown there, "" when none is."""
    try:
        with (
            socket.create_connection(("127.0.0.1", port), 5) as plain,
            CA.client_context().wrap_socket(plain, server_hostname="localhost") as opened,
        ):
            found = opened.getpeercert(binary_form=True)
            assert found is not None
            return ssl.DER_cert_to_PEM_cert(found)
    except OSError:
        return ""


def change(up: System, name: str, patch: dict[str, Any]) -> None:
    async def main() -> None:
        async with Client(up.api) as client:
            await client.patch(SECRETS, "default", name, patch)

    asyncio.run(main())


def condition(up: System, kind: str) -> tuple[str, str]:
    """The Gateway's listener's condition of this kind."""

    async def main() -> tuple[str, str]:
        async with Client(up.api) as client:
            document = await client.get(GATEWAYS, "default", "gateway")
        for listener in document.get("status", {}).get("listeners", ()):
            for each in listener["conditions"]:
                if each["type"] == kind:
                    return each["status"], each["reason"]
        return "", ""

    return asyncio.run(main())


def test_a_stream_comes_through_an_https_listener_and_outlives_its_certificate(tmp_path: Path) -> None:
    first, second = CA.server("localhost"), CA.server("localhost", "second.test")
    port = free_port()
    with Sim(MODEL, profile="instant") as sim:
        servers = model_server("llm-0", port=sim.port)
        manifest = write(tmp_path, tls_secret("shown", first), https(port), pool("llm"), servers, http_route())
        with (
            system(tmp_path, "--workers", "1", "-f", manifest) as up,
            openai.DefaultHttpxClient(verify=CA.client_context(), timeout=30) as session,
            openai.OpenAI(base_url=f"https://localhost:{port}/v1", api_key="none", http_client=session) as client,
        ):
            until(lambda: session.get(f"https://localhost:{port}/health").status_code == 200)
            assert certificate_at(port) == first.certificate
            assert condition(up, "Programmed") == ("True", "Programmed")
            stream = client.completions.create(model=MODEL, prompt="hello", max_tokens=20_000, stream=True)
            pieces = iter(stream)
            next(pieces)
            change(up, "shown", {"data": tls_secret("shown", second)["data"]})
            until(lambda: certificate_at(port) == second.certificate)
            assert [chunk.choices[0].finish_reason for chunk in pieces if chunk.choices][-1] == "length"
            private = first.key.splitlines()[1], second.key.splitlines()[1]
            assert not any(line in up.log.read_text() for line in private)


def test_a_certificate_made_by_kubectl_is_shown(tmp_path: Path) -> None:
    issued = CA.server("localhost")
    port = free_port()
    (tmp_path / "tls.crt").write_text(issued.certificate)
    (tmp_path / "tls.key").write_text(issued.key)
    with system(tmp_path, "--workers", "1", "-f", write(tmp_path, https(port))) as up:
        until(lambda: condition(up, "ResolvedRefs") == ("False", "InvalidCertificateRef"))
        assert certificate_at(port) == ""
        kubectl = kubectl_for(Path(up.kubeconfig), tmp_path)
        made = kubectl(
            "create", "secret", "tls", "shown", f"--cert={tmp_path / 'tls.crt'}", f"--key={tmp_path / 'tls.key'}"
        )
        assert made.returncode == 0, made.stderr
        until(lambda: certificate_at(port) == issued.certificate)
        until(lambda: condition(up, "Programmed") == ("True", "Programmed"))
        described = kubectl("describe", "gateway", "gateway").stdout + kubectl("describe", "secret", "shown").stdout
        assert issued.key.splitlines()[1] not in described


class Guarded(http.server.BaseHTTPRequestHandler):
    """Answers whoever has the key."""

    keys: tuple[str, ...] = ()

    def do_GET(self) -> None:
        known = self.headers.get("Authorization", "") in {f"Bearer {key}" for key in self.keys}
        body = json.dumps({"data": []}).encode()
        self.send_response(200 if known else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def guarded(folder: Path, *keys: str) -> Iterator[tuple[int, Callable[..., None]]]:
    """A server that asks for TLS and for one of these keys; it can be told others."""
    kind = type("Kind", (Guarded,), {"keys": keys})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        server.socket = server_context(CA.server("llm.test"), folder).wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.server_address[1], lambda *others: setattr(kind, "keys", others)
        finally:
            server.shutdown()
            thread.join(10)


def status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            code: int = answer.status
    except urllib.error.HTTPError as error:
        code = error.code
        error.close()
    return code


def test_a_server_that_asks_for_tls_and_a_key_is_probed_and_served(tmp_path: Path) -> None:
    with guarded(tmp_path, "sk-first") as (port, admit):
        policy = {
            "apiVersion": "turnout.dev/v1alpha1",
            "kind": "InferencePoolPolicy",
            "metadata": {"name": "policy"},
            "spec": {
                "targetRefs": [{"name": "llm"}],
                "upstream": {
                    "tls": {"hostname": "llm.test", "caCertificateRef": {"name": "ca"}},
                    "apiKeySecretRef": {"name": "key"},
                },
            },
        }
        settings = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "ca"}, "data": {"ca.crt": CA.trust}}
        key = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "key"},
            "data": {"apiKey": encoded("sk-first")},
        }
        documents = (settings, key, gateway(), pool("llm"), model_server("llm-0", port=port), http_route(), policy)
        with system(tmp_path, "--workers", "1", "-f", write(tmp_path, *documents)) as up:
            until(lambda: status(f"{up.gateway}/v1/models") == 200)
            admit("sk-second")
            until(lambda: status(f"{up.gateway}/v1/models") in (401, 503))
            change(up, "key", {"data": {"apiKey": encoded("sk-second")}})
            until(lambda: status(f"{up.gateway}/v1/models") == 200)
            change(up, "key", {"data": {"apiKey": encoded(" ")}})
            until(lambda: status(f"{up.gateway}/v1/models") == 503)
            assert "sk-first" not in up.log.read_text()
            assert "sk-second" not in up.log.read_text()
