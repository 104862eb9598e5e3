"""What the engine is told. Nothing else moves it. Times are seconds since 1970, UTC."""

from typing import Literal

from msgspec import Struct

from turnout.resources.inferencerollout import RolloutSpec
from turnout.rollout.observations import Observations


class Refusal(Struct, frozen=True, omit_defaults=True):
    """Why a spec cannot be followed although its own fields are right.

    `condition` is the condition that says so: `Accepted` (`Conflicted`) or `ResolvedRefs` (`BackendNotFound`).
    """

    condition: Literal["Accepted", "ResolvedRefs"]
    reason: str
    message: str


class SpecChanged(Struct, frozen=True, tag="spec"):
    """The spec as it is, and what it points at. Told again unchanged, it changes nothing.

    Revisions identify what serves: a hash of the pool's spec and of its endpoints' model identity; "" is not known.
    """

    spec: RolloutSpec
    generation: int
    stable_revision: str = ""
    candidate_revision: str = ""
    refusal: Refusal | None = None


class Tick(Struct, frozen=True, tag="tick"):
    """Time has passed."""


class WeightsAcknowledged(Struct, frozen=True, tag="acknowledged"):
    """Every live worker uses the weights of `SetWeights` number `seq`, or later ones."""

    seq: int


class Readiness(Struct, frozen=True, tag="readiness"):
    """How many endpoints of each pool are ready."""

    stable: int
    candidate: int


class Check(Struct, frozen=True):
    """One preflight condition with its evidence. `type` is the condition's."""

    type: str
    passed: bool
    reason: str
    message: str


class PreflightResult(Struct, frozen=True, tag="preflight"):
    """The answer to `RunPreflight` number `token`."""

    token: int
    checks: tuple[Check, ...]


class RouteChanged(Struct, frozen=True, tag="route"):
    """The targeted rules' backendRefs as they are in the HTTPRoute's spec. Told again unchanged, it changes nothing.

    `fingerprint` identifies them; `candidate_only`: the candidate has all the weight; `lines` are what to write there
    for the candidate to be the backend.
    """

    fingerprint: str
    candidate_only: bool = False
    lines: str = ""


class Promote(Struct, frozen=True, tag="promote"):
    """The user: go past this pause or step; `full`: to 100 percent and done."""

    token: str
    full: bool = False


class PauseAction(Struct, frozen=True, tag="pause"):
    """The user: stay at this weight."""

    token: str


class Resume(Struct, frozen=True, tag="resume"):
    """The user: go on from a pause."""

    token: str


class Abort(Struct, frozen=True, tag="abort"):
    """The user: everything back to stable."""

    token: str
    reason: str = ""


class Retry(Struct, frozen=True, tag="retry"):
    """The user: lift the quarantine and begin again."""

    token: str


class Undo(Struct, frozen=True, tag="undo"):
    """The user: back to `revision` of the history; "": the one before."""

    token: str
    revision: str = ""


class SetWeightAction(Struct, frozen=True, tag="setWeight"):
    """The user: this weight (percent) at once, then pause."""

    token: str
    weight: int


class Deleted(Struct, frozen=True, tag="deleted"):
    """The object has a deletionTimestamp. `revert`: annotation `turnout.dev/revert-on-delete` is "true"."""

    revert: bool = False


Action = Promote | PauseAction | Resume | Abort | Retry | Undo | SetWeightAction
"""A `token` seen before is passed over: an action takes effect once."""

VERBS: dict[type, str] = {
    Promote: "promote",
    PauseAction: "pause",
    Resume: "resume",
    Abort: "abort",
    Retry: "retry",
    Undo: "undo",
    SetWeightAction: "set-weight",
}
"""Each action's name on the command line and in the annotation `turnout.dev/action`."""

Event = (
    SpecChanged
    | Tick
    | WeightsAcknowledged
    | Observations
    | Readiness
    | PreflightResult
    | RouteChanged
    | Promote
    | PauseAction
    | Resume
    | Abort
    | Retry
    | Undo
    | SetWeightAction
    | Deleted
)
