"""What reporters tell of the requests that they saw. Knows nothing of what users write: the data plane uses it."""

from typing import Literal

from msgspec import Struct

from turnout.judge import SplitCount

Arm = Literal["stable", "candidate"]


class Count(Struct, frozen=True, array_like=True):
    """Requests that a metric could judge since the last report, and those that missed, repeats of a unit included."""

    metric: str
    arm: Arm
    requests: int
    misses: int


class Miss(Struct, frozen=True, array_like=True):
    """One request that missed. `weight` is the candidate's share (0..1) when its arm was drawn.

    `unit` is a 32-bit hash of its key or stretch; `at` is when it missed.
    """

    metric: str
    arm: Arm
    weight: float
    unit: int
    at: float = 0.0


class Assigned(Struct, frozen=True, array_like=True):
    """Distinct keys new under the weight in force (`keyed`), or keyless requests, since the last report."""

    keyed: bool
    split: SplitCount


class KeyLoad(Struct, frozen=True, array_like=True):
    """Requests of one key since the last report. A reporter names its busiest keys only."""

    key: str
    requests: int


class Observations(Struct, frozen=True, tag="observations"):
    """One report of one reporter. `seq` grows by 1: a report told twice counts once, a gap is missing data.

    `round` is the attempt (`SetWeights.round`) that it is about; those about others are passed over. `requests` are all
    of the rule's, by arm. `times` are the stable arm's TTFT or TPOT in seconds, by metric, for `baselineQuantile`.
    """

    source: str
    seq: int
    round: int
    counts: tuple[Count, ...] = ()
    misses: tuple[Miss, ...] = ()
    assigned: tuple[Assigned, ...] = ()
    stable_requests: int = 0
    candidate_requests: int = 0
    keys: tuple[KeyLoad, ...] = ()
    times: dict[str, tuple[float, ...]] = {}
