"""InferenceModelRewrite: which models requests for a model are given to (Inference Extension and llm-d, v1alpha2)."""

from typing import Annotated, Literal

from msgspec import Meta, field

from turnout.resources.document import JSON
from turnout.resources.metadata import Resource
from turnout.resources.poolref import PoolObjectReference
from turnout.resources.words import Part


class ModelMatch(Part, frozen=True):
    """The `model` of a request."""

    value: Annotated[str, Meta(min_length=1)]
    type: Literal["Exact"] = "Exact"


class RewriteMatch(Part, frozen=True):
    """What a request must look like."""

    model: ModelMatch


class RewriteTarget(Part, frozen=True):
    """The model that takes its place. Its share is `weight` of the sum of all; a share of nothing is no target."""

    model_rewrite: str
    weight: Annotated[int, Meta(ge=1, le=1000000)] | None = None


class RewriteRule(Part, frozen=True):
    """One of `matches` is enough; none at all match every request."""

    matches: tuple[RewriteMatch, ...] = ()
    targets: Annotated[tuple[RewriteTarget, ...], Meta(min_length=1)] = ()


class InferenceModelRewriteSpec(Part, frozen=True):
    """Rules for the requests of one pool."""

    pool_ref: PoolObjectReference
    rules: tuple[RewriteRule, ...]


class InferenceModelRewrite(Resource, frozen=True, kw_only=True):
    """Models in place of others."""

    spec: InferenceModelRewriteSpec
    status: dict[str, JSON] = field(default_factory=dict)
