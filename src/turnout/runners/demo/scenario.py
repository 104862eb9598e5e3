"""What a demo does: the objects that it applies, what happens to them, the load, and how it must end."""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from msgspec import Struct

INFERENCE = "inference.networking.k8s.io"
ROUTE = "routes-to-llm"
ROLLOUT = "llm-rollout"


class Pools(Struct, frozen=True):
    """The names of the two pools."""

    stable: str = "llm"
    candidate: str = "llm-new"


USUAL = Pools()


class Step(Struct, frozen=True):
    """Weights of stable and candidate, and how many seconds they stay. `story` is what the user is told."""

    weights: tuple[int, int]
    seconds: float
    story: str


class Scenario(Struct, frozen=True):
    """A named story. Either weights are written by hand (`steps`), or a rollout moves them (no steps).

    `ends` is the rollout's phase and completionStatus, or reason, at its end. `candidate_faults` are the simulated
    servers' from the start; `outage` comes over the servers of both pools once the rollout has given weight away.
    """

    name: str
    story: str
    ends: tuple[str, str] = ("Healthy", "Promoted")
    pools: Pools = USUAL
    steps: tuple[Step, ...] = ()
    candidate_faults: tuple[str, ...] = ()
    outage: tuple[str, ...] = ()
    model: str = "llama-3.1-8b"
    servers: int = 2
    requests_per_second: float = 50.0
    streaming_share: float = 0.6
    long_streams: int = 20
    """By hand only: streams opened just before the last step, so that they are open while it takes effect."""


SCENARIOS = {
    each.name: each
    for each in (
        Scenario(
            name="node-update",
            story="llm runs on old nodes, llm-new on new ones, same model. The rollout goes well and is promoted.",
        ),
        Scenario(
            name="bad-candidate",
            story="Three in ten answers of llm-new are errors. The rollout notices, and takes its traffic back.",
            ends=("Degraded", "Aborted"),
            candidate_faults=("error-rate=0.3",),
        ),
        Scenario(
            name="base-model",
            story="llm-pool-version-2 serves a new base model under the same name. The rollout is promoted.",
            pools=Pools("llm-pool", "llm-pool-version-2"),
        ),
        Scenario(
            name="slow-candidate",
            story="llm-new answers, but its first token comes ten times later. The rollout takes its traffic back.",
            ends=("Degraded", "Aborted"),
            candidate_faults=("slow=10",),
        ),
        Scenario(
            name="shared-outage",
            story="Both pools begin to fail alike in the middle of it. That is not the candidate's fault: it pauses.",
            ends=("Paused", "EnvironmentDegraded"),
            outage=("error-rate=0.4",),
        ),
        Scenario(
            name="weights",
            story="No rollout: weights are written by hand, as GKE's guide has it. Traffic moves over, and back again.",
            servers=3,
            steps=(
                Step((90, 10), 14.0, "a first tenth goes to the new nodes"),
                Step((50, 50), 12.0, "half and half"),
                Step((0, 100), 12.0, "everything on the new nodes"),
                Step((100, 0), 10.0, "rollback, in the middle of open streams"),
            ),
        ),
    )
}
DEFAULT = ("node-update", "bad-candidate")


def route(weights: tuple[int, int], pools: Pools = USUAL) -> dict[str, Any]:
    """The seed's HTTPRoute, in its own shape, with these weights."""
    names = (pools.stable, pools.candidate)
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": ROUTE},
        "spec": {
            "parentRefs": [{"name": "my-inference-gateway", "group": INFERENCE, "kind": "InferenceGateway"}],
            "rules": {
                "backendRefs": [
                    {"name": name, "group": INFERENCE, "kind": "InferencePool", "weight": weight}
                    for name, weight in zip(names, weights, strict=True)
                ]
            },
        },
    }


def rollout(pools: Pools) -> dict[str, Any]:
    """An InferenceRollout from stable to candidate, with steps of seconds where one would take minutes."""
    look = {"analysis": {"minDuration": "6s", "minSamples": 20, "maxDuration": "40s"}}
    return {
        "apiVersion": "turnout.dev/v1alpha1",
        "kind": "InferenceRollout",
        "metadata": {"name": ROLLOUT},
        "spec": {
            "targetRef": {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": ROUTE},
            "stable": {"group": INFERENCE, "kind": "InferencePool", "name": pools.stable},
            "candidate": {"group": INFERENCE, "kind": "InferencePool", "name": pools.candidate},
            "strategy": {
                "canary": {
                    "steps": [{"setWeight": 10}, look, {"setWeight": 50}, look, {"setWeight": 100}],
                    "bake": {"duration": "5s"},
                }
            },
            "analysis": {
                "alpha": 0.01,
                "coldGrace": "1s",
                "metrics": [
                    {"name": "errors", "builtin": "ErrorRate", "compare": {}, "objective": {"maxMissRate": 0.05}},
                    {"name": "broken-streams", "builtin": "BrokenStream", "compare": {}},
                    {"name": "ttft", "builtin": "TTFT", "threshold": "200ms", "compare": {}},
                ],
            },
        },
    }


def manifests(ports: Mapping[str, Sequence[int]], weights: tuple[int, int], pools: Pools = USUAL) -> str:
    """The demo's objects as YAML: the Gateway, a pool with its model servers for each entry of `ports`, the route."""
    return yaml.safe_dump_all([*_objects(ports), route(weights, pools)], sort_keys=False)


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
