"""Turnout, as a user starts it: API, controller, scraper and one worker, all on the one core."""

import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from benchmarks.payloads import chat, post
from benchmarks.processes import PROXY_CORE, Tree, await_answer, await_calm, free_ports
from benchmarks.proxies.proxy import Proxy, said

ENGINE = "vllm"


class Turnout(Proxy):
    """`turnout up` with one Gateway, one route and one pool; more routes and workers where a case asks for them."""

    name = "turnout"

    def __init__(
        self, upstreams: Sequence[int], folder: Path, cache: Path, *, workers: int = 1, routes: int = 1
    ) -> None:
        super().__init__(upstreams, folder, cache)
        self.workers = workers
        self.routes = routes
        self.api = 0

    def version(self) -> str:
        """The package's, and the commit of the checkout."""
        commit = said(["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"])
        return f"{said([sys.executable, '-m', 'turnout', '--version']).split(' ')[-1]} ({commit})"

    def command(self) -> tuple[list[str], dict[str, str]]:
        """With everything at its default, nothing kept on disk."""
        manifests = self.folder / f"manifests-{self.port}.yaml"
        manifests.write_text(yaml.safe_dump_all(self._objects(), sort_keys=False))
        self.api = free_ports(2)[1]
        where = ["--gateway", f"127.0.0.1:{self.port}", "--api", f"127.0.0.1:{self.api}", "--state", "memory"]
        return [sys.executable, "-m", "turnout", "up", "-f", str(manifests), *where, "--workers", str(self.workers)], {}

    def start(self) -> Tree:
        """Started, answering, and done with what a start brings: 5,000 routes have as many statuses to be written."""
        command, env = self.command()
        self.tree = Tree(command, self.folder / f"turnout-{self.port}.log", PROXY_CORE, env)
        await_answer(self.port, post(chat(300)), self.tree, 300.0)
        await_calm(self.tree, "turnout.runners.api", "turnout.runners.controller")
        return self.tree

    def _objects(self) -> list[dict[str, object]]:
        objects: list[dict[str, object]] = [
            {
                "apiVersion": "gateway.networking.k8s.io/v1",
                "kind": "Gateway",
                "metadata": {"name": "bench"},
                "spec": {
                    "gatewayClassName": "turnout",
                    "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}],
                },
            },
            {
                "apiVersion": "inference.networking.k8s.io/v1",
                "kind": "InferencePool",
                "metadata": {"name": "pool"},
                "spec": {"selector": {"matchLabels": {"app": "bench"}}, "targetPorts": [{"number": 8000}]},
            },
        ]
        objects += [_route("bench", [])]
        objects += [_route(f"r{number}", [f"r{number}.bench.local"]) for number in range(self.routes - 1)]
        objects += [
            {
                "apiVersion": "turnout.dev/v1alpha1",
                "kind": "ModelServer",
                "metadata": {"name": f"s{port}", "labels": {"app": "bench"}},
                "spec": {"address": "127.0.0.1", "port": port, "engine": ENGINE},
            }
            for port in self.upstreams
        ]
        return objects


def _route(name: str, hostnames: list[str]) -> dict[str, object]:
    backend = {"group": "inference.networking.k8s.io", "kind": "InferencePool", "name": "pool"}
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": name},
        "spec": {
            "parentRefs": [{"name": "bench"}],
            **({"hostnames": hostnames} if hostnames else {}),
            "rules": [{"backendRefs": [backend]}],
        },
    }
