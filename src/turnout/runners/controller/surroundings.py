"""What a rollout has to do with: the rest of the process, and the objects around its own."""

from collections.abc import Callable, Coroutine
from typing import Any

from msgspec import Struct

from turnout.resources.document import Document
from turnout.resources.inferencerollout import RolloutSpec
from turnout.rollout.events import RouteChanged, SpecChanged
from turnout.rollout.preflight import Facts
from turnout.store import ApiResource, Provider


class Doors(Struct, frozen=True):
    """What a rollout has to do with the rest of the process.

    `stored` is given each answer of the store to a write; `gather` asks the servers of two pools (`NAMESPACE/NAME`).
    """

    provider: Provider
    resource: ApiResource
    clock: Callable[[], float]
    stored: Callable[[Document], None]
    gather: Callable[[str, str], Coroutine[Any, Any, Facts]]


class Around(Struct, frozen=True):
    """What is known of a rollout beside its object. `spec` is None for one that cannot be read, `fault` says why."""

    told: SpecChanged
    spec: RolloutSpec | None
    route: RouteChanged | None = None
