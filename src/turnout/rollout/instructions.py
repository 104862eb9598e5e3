"""What the engine wants done. Each may be done twice: numbers and tokens make the second time harmless."""

from typing import Literal

from msgspec import Struct


class SetWeights(Struct, frozen=True, tag="setWeights"):
    """The targeted rules' overlay, in percent (sum 100; 0 leaves the arm out). Acknowledge with `seq`.

    It is also in `status`: whoever reads weights from there needs nothing else. `round` goes into reports.
    """

    stable: int
    candidate: int
    seq: int
    round: int


class ReleaseOverlay(Struct, frozen=True, tag="releaseOverlay"):
    """The HTTPRoute's own weights are in force again. Acknowledge with `seq`."""

    seq: int


class RunPreflight(Struct, frozen=True, tag="runPreflight"):
    """Gather `preflight.Facts`, evaluate, answer `PreflightResult(token, ...)`."""

    token: int


class SetThresholds(Struct, frozen=True, tag="setThresholds"):
    """Seconds by metric, fixed from stable's own times; they are also in the state's metrics."""

    thresholds: dict[str, float]


class WriteStatus(Struct, frozen=True, tag="writeStatus"):
    """The state has changed. `urgent`: write it before anything else is done; otherwise within a second or so."""

    urgent: bool


class EmitEvent(Struct, frozen=True, tag="emitEvent"):
    """A Kubernetes Event on the rollout."""

    reason: str
    message: str
    kind: Literal["Normal", "Warning"] = "Normal"


class StartTimer(Struct, frozen=True, tag="startTimer"):
    """Tell `Tick` at this time (seconds since 1970) or soon after; a new timer replaces the one before."""

    at: float


class Quarantine(Struct, frozen=True, tag="quarantine"):
    """The candidate revision gets no weight until `retry`; it is also in the state."""

    revision: str


class PatchSpec(Struct, frozen=True, tag="patchSpec"):
    """Write these pools into the rollout's spec: a return to a pool that is neither arm is a rollout of its own."""

    stable: str
    candidate: str


class ReleaseFinalizer(Struct, frozen=True, tag="releaseFinalizer"):
    """The object may go."""


Instruction = (
    SetWeights
    | ReleaseOverlay
    | RunPreflight
    | SetThresholds
    | WriteStatus
    | EmitEvent
    | StartTimer
    | Quarantine
    | PatchSpec
    | ReleaseFinalizer
)
