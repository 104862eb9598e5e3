"""What a worker tells of the requests that a rollout watches. Aggregates are since the worker's last report.

`rollout` is `NAMESPACE/NAME`, `uid` its UID, `epoch` that of the table at the request's assignment, `arm` `stable` or
`candidate`, `metric` the metric's own name, `share` the candidate's share (0..1) of the two arms at assignment.
`stratum` holds the request's stratum of each of `Watch.strata`, joined with commas; it is empty without strata.
"""

from msgspec import Struct


class ArmCount(Struct, frozen=True, array_like=True):
    """Requests that a metric could judge, and those among them that missed, repeats of a unit included."""

    rollout: str
    epoch: int
    arm: str
    metric: str
    stratum: str
    units: int
    misses: int
    uid: str = ""


class Miss(Struct, frozen=True, array_like=True):
    """One request that missed.

    `unit` is 32 bits of its key, the same in every worker, or of its stretch of keyless requests. `time` is when it
    missed, in seconds since 1970.
    """

    rollout: str
    epoch: int
    arm: str
    metric: str
    stratum: str
    unit: int
    share: float
    time: float
    uid: str = ""


class Assigned(Struct, frozen=True, array_like=True):
    """How many went to each arm, counted at assignment: keys that are new under this epoch, or keyless requests."""

    rollout: str
    epoch: int
    keyed: bool
    share: float
    stable: int
    candidate: int
    uid: str = ""


class ArmLoad(Struct, frozen=True, array_like=True):
    """All requests that were assigned to an arm, and the attempts among them that failed before an answer began."""

    rollout: str
    epoch: int
    arm: str
    requests: int
    failed_attempts: int
    uid: str = ""


class KeyLoad(Struct, frozen=True, array_like=True):
    """Requests of one of the busiest keys. `key` is its text, shortened to 64 characters."""

    rollout: str
    epoch: int
    key: str
    requests: int
    uid: str = ""


class Times(Struct, frozen=True, array_like=True):
    """Times in seconds, by a metric that has no threshold yet: those of requests that it would judge."""

    rollout: str
    epoch: int
    arm: str
    metric: str
    stratum: str
    seconds: tuple[float, ...]
    uid: str = ""
