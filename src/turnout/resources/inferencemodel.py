"""InferenceModel: a name of a model and what serves it (Inference Extension v1alpha2, before InferenceObjective)."""

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta, field

from turnout.resources.document import JSON
from turnout.resources.faults import Fault, broken
from turnout.resources.metadata import Resource
from turnout.resources.words import Group, KindName, ObjectName, Part


class ModelPoolReference(Part, frozen=True):
    """A pool in the same namespace, by default of the group that pools had at the time."""

    name: ObjectName
    group: Group = "inference.networking.x-k8s.io"
    kind: KindName = "InferencePool"


class TargetModel(Part, frozen=True):
    """A model as the servers call it. Its share is `weight` of the sum of all."""

    name: Annotated[str, Meta(max_length=253)]
    weight: Annotated[int, Meta(ge=1, le=1000000)] | None = None


class InferenceModelSpec(Part, frozen=True):
    """`model_name` is what requests say and never changes. Without `target_models` the servers know it by that name."""

    model_name: Annotated[str, Meta(max_length=256)]
    pool_ref: ModelPoolReference
    criticality: Literal["Critical", "Standard", "Sheddable"] | None = None
    target_models: Annotated[tuple[TargetModel, ...], Meta(max_length=10)] = ()

    def faults(self) -> Iterator[Fault]:
        """All weights, or none."""
        if len({target.weight is None for target in self.target_models}) > 1:
            rule = "Weights should be set for all models, or none of the models."
            yield broken("targetModels", "array", rule)


class InferenceModel(Resource, frozen=True, kw_only=True):
    """A model that a pool serves."""

    spec: InferenceModelSpec
    status: dict[str, JSON] = field(default_factory=dict)
