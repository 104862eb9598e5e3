"""The seed's manifests, word for word, with the real kubectl: accepted, split exactly, applied twice without a move."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import aiohttp
import pytest

from tests.support.clients import ask
from tests.support.kubectl import Kubectl, kubectl_for
from tests.support.sim import Sim
from tests.support.system import System, system, until

pytestmark = pytest.mark.e2e

SEED = Path(__file__).parents[2] / "examples" / "seed"
POOL = """
apiVersion: inference.networking.k8s.io/v1
kind: InferencePool
metadata: {{name: {name}}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  targetPorts: [{{number: 8000}}]
---
apiVersion: turnout.dev/v1alpha1
kind: ModelServer
metadata: {{name: {name}-0, labels: {{app: {name}}}}}
spec: {{address: 127.0.0.1, port: {port}}}
---
"""
GATEWAY = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: my-inference-gateway}
spec:
  gatewayClassName: turnout
  listeners: [{name: http, port: 80, protocol: HTTP}]
"""
STORIES = {
    "routes-to-llm-node-update.yaml": ("llm", "llm-new"),
    "routes-to-llm-base-model.yaml": ("llm-pool", "llm-pool-version-2"),
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[System, Kubectl]]:
    """One worker, a Gateway, and the pools of both stories with a server each."""
    folder = tmp_path_factory.mktemp("seed")
    with ExitStack() as stack:
        manifest = GATEWAY
        for names in STORIES.values():
            for name in names:
                server = stack.enter_context(Sim("m"))
                manifest += "---" + POOL.format(name=name, port=server.ports[0])
        (folder / "pools.yaml").write_text(manifest)
        up = stack.enter_context(system(folder, "--workers", "1", "-f", str(folder / "pools.yaml")))
        yield up, kubectl_for(Path(up.kubeconfig), folder)


def get(gateway: str, count: int, wide: int = 8) -> list[tuple[int, str]]:
    """`count` keyless requests, `wide` at a time: the code and the pool of each answer."""

    async def main() -> list[tuple[int, str]]:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=wide)) as session:
            seen = await asyncio.gather(*(ask(session, f"{gateway}/v1/models") for _ in range(count)))
        return [(each.code, each.pool) for each in seen]

    return asyncio.run(main())


def programmed(kubectl: Kubectl) -> Callable[[], bool]:
    path = "{.status.parents[*].conditions[*].observedGeneration} {.metadata.generation}"

    def holds() -> bool:
        *observed, generation = kubectl("get", "httproute", "routes-to-llm", "-o", f"jsonpath={path}").stdout.split()
        return bool(observed) and set(observed) == {generation}

    return holds


@pytest.fixture(params=sorted(STORIES))
def applied(running: tuple[System, Kubectl], request: pytest.FixtureRequest) -> tuple[str, System, Kubectl]:
    """The story's route, applied, in force, its pools ready."""
    up, kubectl = running
    story: str = request.param
    kubectl("apply", "-f", str(SEED / story))
    until(programmed(kubectl))
    until(lambda: {pool for code, pool in get(up.gateway, 20) if code == 200} == set(STORIES[story]))
    return story, up, kubectl


def test_a_thousand_keyless_requests_land_within_three_of_900_to_100(applied: tuple[str, System, Kubectl]) -> None:
    story, up, _ = applied
    stable, candidate = STORIES[story]

    seen = get(up.gateway, 1000)

    assert {code for code, _ in seen} == {200}
    counts = {name: sum(pool == name for _, pool in seen) for name in (stable, candidate)}
    assert abs(counts[stable] - 900) <= 3, counts
    assert abs(counts[candidate] - 100) <= 3, counts


def test_kubectl_shows_a_warning_that_names_the_standard_form(running: tuple[System, Kubectl]) -> None:
    _, kubectl = running
    kubectl("delete", "httproute", "routes-to-llm", "--ignore-not-found")

    said = kubectl("apply", "-f", str(SEED / "routes-to-llm-node-update.yaml")).stderr

    assert "Warning: spec.rules" in said
    assert "Warning: spec.parentRefs[0]" in said


def test_applying_the_same_file_again_moves_neither_generation_nor_version(
    applied: tuple[str, System, Kubectl],
) -> None:
    story, _, kubectl = applied
    path = "jsonpath={.metadata.generation}/{.metadata.resourceVersion}"
    before = kubectl("get", "httproute", "routes-to-llm", "-o", path).stdout

    kubectl("apply", "-f", str(SEED / story))

    assert kubectl("get", "httproute", "routes-to-llm", "-o", path).stdout == before


def test_the_route_is_accepted_and_resolved(applied: tuple[str, System, Kubectl]) -> None:
    _, _, kubectl = applied
    path = "{range .status.parents[*].conditions[*]}{.type}={.status} {end}"

    said = kubectl("get", "httproute", "routes-to-llm", "-o", f"jsonpath={path}").stdout

    assert {"Accepted=True", "ResolvedRefs=True"} <= set(said.split())


def test_a_wrong_weight_is_refused_by_name_and_changes_nothing(applied: tuple[str, System, Kubectl]) -> None:
    _, _, kubectl = applied
    path = "jsonpath={.metadata.resourceVersion}"
    before = kubectl("get", "httproute", "routes-to-llm", "-o", path).stdout
    refs = '[{"name":"llm"},{"name":"llm-new","weight":-3}]'

    patch = f'{{"spec":{{"rules":[{{"backendRefs":{refs}}}]}}}}'
    said = kubectl.refused("patch", "httproute", "routes-to-llm", "--type=merge", "-p", patch)

    assert "spec.rules[0].backendRefs[1].weight: Invalid value: -3: " in said
    assert kubectl("get", "httproute", "routes-to-llm", "-o", path).stdout == before
