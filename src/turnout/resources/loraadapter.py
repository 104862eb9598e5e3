"""LoRAAdapter: an adapter that the servers of a pool load (turnout.dev/v1alpha1)."""

from typing import Annotated

from msgspec import Meta, field

from turnout.resources.document import JSON
from turnout.resources.metadata import Resource
from turnout.resources.poolref import PoolObjectReference
from turnout.resources.words import Part

Version = Annotated[str, Meta(min_length=1, max_length=63, pattern="^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$")]


class LoRAAdapterSpec(Part, frozen=True):
    """`model_name` is what requests say, whatever `version` answers them.

    `source` is where the servers find it, in their own words: a path, or a name in a registry of models.
    """

    model_name: Annotated[str, Meta(min_length=1, max_length=256)]
    version: Version
    source: Annotated[str, Meta(min_length=1, max_length=2048)]
    pool_ref: PoolObjectReference
    base_model: Annotated[str, Meta(min_length=1, max_length=256)] | None = None


class LoRAAdapter(Resource, frozen=True, kw_only=True):
    """One version of an adapter."""

    spec: LoRAAdapterSpec
    status: dict[str, JSON] = field(default_factory=dict)
