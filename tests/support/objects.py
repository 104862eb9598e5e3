"""Small objects of our kinds, as documents."""

from typing import Any

from turnout.resources.kinds import KINDS
from turnout.store import ApiResource, served_as

Document = dict[str, Any]

RESOURCES: dict[str, ApiResource] = {kind.kind: served_as(kind) for kind in KINDS}
NAMESPACES = RESOURCES["Namespace"]
GATEWAY_CLASSES = RESOURCES["GatewayClass"]
GATEWAYS = RESOURCES["Gateway"]
ROUTES = RESOURCES["HTTPRoute"]
POOLS = RESOURCES["InferencePool"]
SERVERS = RESOURCES["ModelServer"]


def namespace(name: str = "default") -> Document:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def gateway_class() -> Document:
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "GatewayClass",
        "metadata": {"name": "turnout"},
        "spec": {"controllerName": "turnout.dev/gateway"},
    }


def gateway(name: str = "gate", *ports: int) -> Document:
    listeners = [{"name": f"http-{port}", "port": port, "protocol": "HTTP"} for port in ports or (80,)]
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": name},
        "spec": {"gatewayClassName": "turnout", "listeners": listeners},
    }


def route(name: str = "route", *, parent: str = "gate", **weights: int) -> Document:
    """A route that shares all requests over pools; an underscore in a pool's name stands for a dash."""
    backends = [
        {
            "group": "inference.networking.k8s.io",
            "kind": "InferencePool",
            "name": pool.replace("_", "-"),
            "weight": weight,
        }
        for pool, weight in weights.items()
    ]
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": name},
        "spec": {"parentRefs": [{"name": parent}], "rules": [{"backendRefs": backends}]},
    }


def pool(name: str, port: int = 8000) -> Document:
    return {
        "apiVersion": "inference.networking.k8s.io/v1",
        "kind": "InferencePool",
        "metadata": {"name": name},
        "spec": {"selector": {"matchLabels": {"app": name}}, "targetPorts": [{"number": port}]},
    }


def server(name: str, *, app: str = "llm", address: str = "127.0.0.1", port: int = 9001) -> Document:
    return {
        "apiVersion": "turnout.dev/v1alpha1",
        "kind": "ModelServer",
        "metadata": {"name": name, "labels": {"app": app}},
        "spec": {"address": address, "port": port},
    }
