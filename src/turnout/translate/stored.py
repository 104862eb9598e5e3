"""Kinds that are stored and not acted on yet: their statuses say so, and whether the pools that they name are there.

Conditions are upstream's: `Accepted`, Unknown for reason `Pending` until something acts on the object.
"""

from collections.abc import Iterator

from turnout.resources.document import Document
from turnout.resources.inferencemodel import InferenceModel
from turnout.resources.inferencemodelrewrite import InferenceModelRewrite
from turnout.resources.inferenceobjective import InferenceObjective
from turnout.resources.kinds import INFERENCE_GROUP, LLM_D_GROUP, split_api_version
from turnout.resources.loraadapter import LoRAAdapter
from turnout.resources.metadata import Resource
from turnout.resources.set import ResourceSet
from turnout.translate.conditions import Stamp, stamped, unknown
from turnout.translate.facts import Facts

PoolUser = InferenceObjective | InferenceModel | InferenceModelRewrite | LoRAAdapter
POOL_GROUPS = (INFERENCE_GROUP, "inference.networking.x-k8s.io")
"""InferenceModel's default is the second, which pools had before."""
STORED = "Stored, and not acted on yet"


def status_name(kind: str, group: str) -> str:
    """The name by which statuses of the kind are known: of two groups that have it, llm-d's bears its own."""
    return f"{kind}.{group}" if group == LLM_D_GROUP else kind


def stored_statuses(resources: ResourceSet, facts: Facts) -> Iterator[tuple[tuple[str, str], Document | None]]:
    """The whole new status of each of these objects, by (name of the kind, key)."""
    for users in (
        resources.inference_objectives,
        resources.inference_models,
        resources.inference_model_rewrites,
        resources.lora_adapters,
    ):
        for key, user in users.items():
            yield (_name(user), key), _pool_user_status(user, resources, facts)


def _name(resource: Resource) -> str:
    return status_name(type(resource).__name__, split_api_version(resource.api_version)[0])


def _pool_user_status(user: PoolUser, resources: ResourceSet, facts: Facts) -> Document:
    ref = user.spec.pool_ref
    if ref.group not in POOL_GROUPS or ref.kind != "InferencePool":
        message = f"; poolRef: {ref.group}/{ref.kind} {ref.name} is no InferencePool of {INFERENCE_GROUP}"
    elif f"{user.metadata.namespace}/{ref.name}" not in resources.inference_pools:
        message = f"; poolRef: InferencePool {ref.name} not found"
    else:
        message = ""
    stamp = Stamp(user.metadata.generation, facts.now)
    accepted = unknown("Accepted", "Pending", f"{STORED}{message}")
    return {**user.status, "conditions": stamped([accepted], user.status.get("conditions"), stamp)}
