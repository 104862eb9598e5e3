"""What a demo does: the objects that it applies, the weights that it goes through, and the load."""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from msgspec import Struct

STABLE = "llm"
CANDIDATE = "llm-new"


class Step(Struct, frozen=True):
    """Weights of stable and candidate, and how many seconds they stay. `story` is what the user is told."""

    weights: tuple[int, int]
    seconds: float
    story: str


class Scenario(Struct, frozen=True):
    """A named walk through weights. `model` is what both pools serve; `servers` is per pool."""

    name: str
    story: str
    steps: tuple[Step, ...]
    model: str = "llama-3.1-8b"
    servers: int = 3
    requests_per_second: float = 40.0
    streaming_share: float = 0.6
    long_streams: int = 20
    """Streams opened just before the last step, so that they are open while it takes effect."""


SCENARIOS = {
    "node-update": Scenario(
        name="node-update",
        story="llm runs on old nodes, llm-new on new ones; same model. Traffic moves over, and back again.",
        steps=(
            Step((90, 10), 14.0, "a first tenth goes to the new nodes"),
            Step((50, 50), 12.0, "half and half"),
            Step((0, 100), 12.0, "everything on the new nodes"),
            Step((100, 0), 10.0, "rollback, in the middle of open streams"),
        ),
    ),
}


def route(weights: tuple[int, int]) -> dict[str, Any]:
    """The seed's HTTPRoute, in its own shape, with these weights."""
    group = "inference.networking.k8s.io"
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "routes-to-llm"},
        "spec": {
            "parentRefs": [{"name": "my-inference-gateway", "group": group, "kind": "InferenceGateway"}],
            "rules": {
                "backendRefs": [
                    {"name": name, "group": group, "kind": "InferencePool", "weight": weight}
                    for name, weight in zip((STABLE, CANDIDATE), weights, strict=True)
                ]
            },
        },
    }


def manifests(ports: Mapping[str, Sequence[int]], weights: tuple[int, int]) -> str:
    """The demo's objects as YAML: the Gateway, a pool with its model servers for each entry of `ports`, the route."""
    return yaml.safe_dump_all([*_objects(ports), route(weights)], sort_keys=False)


def _objects(ports: Mapping[str, Sequence[int]]) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = [
        {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "Gateway",
            "metadata": {"name": "my-inference-gateway"},
            "spec": {
                "gatewayClassName": "turnout",
                "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}],
            },
        }
    ]
    for pool, servers in ports.items():
        made.append(
            {
                "apiVersion": "inference.networking.k8s.io/v1",
                "kind": "InferencePool",
                "metadata": {"name": pool},
                "spec": {"selector": {"matchLabels": {"app": pool}}, "targetPorts": [{"number": 8000}]},
            }
        )
        made.extend(
            {
                "apiVersion": "turnout.dev/v1alpha1",
                "kind": "ModelServer",
                "metadata": {"name": f"{pool}-{number}", "labels": {"app": pool}},
                "spec": {"address": "127.0.0.1", "port": port},
            }
            for number, port in enumerate(servers)
        )
    return made
