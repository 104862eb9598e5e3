"""A rollout's manifest from a few words."""

from collections.abc import Sequence

from msgspec import Struct

from turnout.resources.document import JSON, Document
from turnout.resources.durations import milliseconds
from turnout.rollout.plan import RAMP

API_VERSION = "turnout.dev/v1alpha1"
MANUAL = "manual"
"""A pause until somebody promotes."""

LONGEST = "1h"
"""What an analysis may last before it counts as one without enough data."""


class Between(Struct, frozen=True):
    """What stands between two weights. `pause` is a duration, `manual` or empty; `analysis` a least duration or empty.

    With neither there is an analysis of a minute, as in the default plan.
    """

    pause: str = ""
    analysis: str = ""
    min_samples: int = 50

    def steps(self) -> list[Document]:
        """The pause, then the analysis."""
        found: list[Document] = []
        if self.pause:
            found.append({"pause": {} if self.pause == MANUAL else {"duration": self.pause}})
        least = self.analysis or ("" if self.pause else "1m")
        if least:
            longest = max(LONGEST, least, key=milliseconds)
            gate = {"minDuration": least, "minSamples": self.min_samples, "maxDuration": longest}
            found.append({"analysis": gate})
        return found


class Wanted(Struct, frozen=True):
    """A rollout of `route`'s rule `rule` (empty: all that name `stable`) from pool `stable` to pool `candidate`.

    No `weights` and nothing `between`: the default plan.
    """

    name: str
    route: str
    stable: str
    candidate: str
    rule: str = ""
    weights: Sequence[int] = ()
    between: Between | None = None
    bake: str = ""


def manifest(wanted: Wanted) -> Document:
    """The InferenceRollout, without a namespace."""
    target: dict[str, JSON] = {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": wanted.route}
    if wanted.rule:
        target["sectionName"] = wanted.rule
    canary: dict[str, JSON] = {}
    if wanted.weights or wanted.between:
        canary["steps"] = steps(wanted.weights or RAMP, wanted.between or Between())
    if wanted.bake:
        canary["bake"] = {"duration": wanted.bake}
    spec: dict[str, JSON] = {"targetRef": target, "stable": pool(wanted.stable), "candidate": pool(wanted.candidate)}
    if canary:
        spec["strategy"] = {"canary": canary}
    return {"apiVersion": API_VERSION, "kind": "InferenceRollout", "metadata": {"name": wanted.name}, "spec": spec}


def steps(weights: Sequence[int], between: Between) -> list[Document]:
    """Each weight, with what stands between it and the next; all of the traffic is left to the bake."""
    found: list[Document] = []
    for weight in weights:
        found.append({"setWeight": weight})
        if weight < 100:
            found += between.steps()
    return found


def pool(name: str) -> Document:
    """A reference to an InferencePool."""
    return {"group": "inference.networking.k8s.io", "kind": "InferencePool", "name": name}
