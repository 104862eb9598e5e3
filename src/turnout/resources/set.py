"""The resources of one moment, by kind."""

from collections.abc import Iterable

from msgspec import Struct

from turnout.resources.gateway import Gateway
from turnout.resources.gatewayclass import GatewayClass
from turnout.resources.httproute import HTTPRoute
from turnout.resources.inferencepool import InferencePool
from turnout.resources.inferencerollout import InferenceRollout
from turnout.resources.metadata import Resource
from turnout.resources.modelserver import ModelServer
from turnout.resources.namespace import Namespace


class ResourceSet(Struct, frozen=True):
    """Every resource of one moment. Keys are `NAMESPACE/NAME`; `/NAME` for cluster-scoped kinds."""

    namespaces: dict[str, Namespace] = {}
    gateway_classes: dict[str, GatewayClass] = {}
    gateways: dict[str, Gateway] = {}
    http_routes: dict[str, HTTPRoute] = {}
    inference_pools: dict[str, InferencePool] = {}
    model_servers: dict[str, ModelServer] = {}
    inference_rollouts: dict[str, InferenceRollout] = {}


def gather(resources: Iterable[Resource]) -> ResourceSet:
    """The set of `resources`. Kinds that no set holds (Event) are left out; of two equal keys the later one stays."""
    found = ResourceSet()
    for resource in resources:
        match resource:
            case Namespace():
                found.namespaces[resource.key] = resource
            case GatewayClass():
                found.gateway_classes[resource.key] = resource
            case Gateway():
                found.gateways[resource.key] = resource
            case HTTPRoute():
                found.http_routes[resource.key] = resource
            case InferencePool():
                found.inference_pools[resource.key] = resource
            case ModelServer():
                found.model_servers[resource.key] = resource
            case InferenceRollout():
                found.inference_rollouts[resource.key] = resource
            case _:
                pass
    return found
