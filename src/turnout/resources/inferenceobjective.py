"""InferenceObjective: how much requests matter beside others of the same pool (Inference Extension v1alpha2)."""

from typing import Annotated

from msgspec import Meta, field

from turnout.resources.document import JSON
from turnout.resources.metadata import Resource
from turnout.resources.poolref import PoolObjectReference
from turnout.resources.words import Part

Priority = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]


class InferenceObjectiveSpec(Part, frozen=True):
    """Requests of a higher `priority` go first; none is 0, and those below 0 may be refused when a pool is full."""

    pool_ref: PoolObjectReference
    priority: Priority | None = None


class InferenceObjective(Resource, frozen=True, kw_only=True):
    """What requests ask for by naming it in a header."""

    spec: InferenceObjectiveSpec
    status: dict[str, JSON] = field(default_factory=dict)
