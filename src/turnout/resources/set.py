"""The resources of one moment, by kind."""

from collections.abc import Iterable
from typing import get_args, get_type_hints

from msgspec import Struct

from turnout.resources.configmap import ConfigMap
from turnout.resources.gateway import Gateway
from turnout.resources.gatewayclass import GatewayClass
from turnout.resources.gatewayparameters import GatewayParameters
from turnout.resources.httproute import HTTPRoute
from turnout.resources.inferencemodel import InferenceModel
from turnout.resources.inferencemodelrewrite import InferenceModelRewrite
from turnout.resources.inferenceobjective import InferenceObjective
from turnout.resources.inferencepool import InferencePool
from turnout.resources.inferencepoolpolicy import InferencePoolPolicy
from turnout.resources.inferencerollout import InferenceRollout
from turnout.resources.loraadapter import LoRAAdapter
from turnout.resources.metadata import Resource
from turnout.resources.modelserver import ModelServer
from turnout.resources.namespace import Namespace
from turnout.resources.referencegrant import ReferenceGrant
from turnout.resources.secret import Secret


class ResourceSet(Struct, frozen=True):
    """Every resource of one moment. Keys are `NAMESPACE/NAME`; `/NAME` for cluster-scoped kinds.

    Kinds that two groups have (InferenceObjective, InferenceModelRewrite) are one here.
    """

    namespaces: dict[str, Namespace] = {}
    gateway_classes: dict[str, GatewayClass] = {}
    gateways: dict[str, Gateway] = {}
    http_routes: dict[str, HTTPRoute] = {}
    inference_pools: dict[str, InferencePool] = {}
    model_servers: dict[str, ModelServer] = {}
    inference_rollouts: dict[str, InferenceRollout] = {}
    reference_grants: dict[str, ReferenceGrant] = {}
    secrets: dict[str, Secret] = {}
    config_maps: dict[str, ConfigMap] = {}
    inference_objectives: dict[str, InferenceObjective] = {}
    inference_models: dict[str, InferenceModel] = {}
    inference_model_rewrites: dict[str, InferenceModelRewrite] = {}
    lora_adapters: dict[str, LoRAAdapter] = {}
    gateway_parameters: dict[str, GatewayParameters] = {}
    inference_pool_policies: dict[str, InferencePoolPolicy] = {}


HOMES: dict[type[Resource], str] = {get_args(hint)[1]: name for name, hint in get_type_hints(ResourceSet).items()}


def gather(resources: Iterable[Resource]) -> ResourceSet:
    """The set of `resources`. Kinds that no set holds (Event) are left out; of two equal keys the later one stays."""
    found = ResourceSet()
    for resource in resources:
        home = HOMES.get(type(resource))
        if home is not None:
            getattr(found, home)[resource.key] = resource
    return found
