"""What is told of one rollout in one epoch, added up until the next report."""

from collections.abc import Iterable

from turnout.channels import ArmCount, ArmLoad, Assigned, KeyLoad, Miss, Times
from turnout.proxy.heaviest import Heaviest
from turnout.rollout.observations import Arm
from turnout.table import Watch

TIMES = 200
"""Times that one report lists per arm, metric and stratum."""


class Tally:
    """Counts of one epoch. Requests that began in it are counted here even when the table has gone on."""

    __slots__ = ("_arms", "_assigned", "_epoch", "_failed", "_heaviest", "_loads", "_rollout", "_times", "_uid")

    def __init__(self, watch: Watch) -> None:
        self._rollout = watch.rollout
        self._uid = watch.uid
        self._epoch = watch.epoch
        self._arms: dict[tuple[Arm, str, str], list[int]] = {}
        self._assigned: dict[tuple[bool, float], list[int]] = {}
        self._loads: dict[Arm, int] = {}
        self._failed: dict[Arm, int] = {}
        self._times: dict[tuple[Arm, str, str], list[float]] = {}
        self._heaviest = Heaviest()

    def load(self, arm: Arm, key: str) -> None:
        """A request was assigned."""
        self._loads[arm] = self._loads.get(arm, 0) + 1
        self._heaviest.add(key)

    def assign(self, arm: Arm, share: float, *, keyed: bool) -> None:
        """A new key, or a keyless request, was drawn to an arm."""
        both = self._assigned.setdefault((keyed, share), [0, 0])
        both[arm == "candidate"] += 1

    def fail(self, arm: Arm, attempts: int) -> None:
        """Attempts came to nothing."""
        self._failed[arm] = self._failed.get(arm, 0) + attempts

    def count(self, arm: Arm, metric: str, stratum: str, *, missed: bool) -> None:
        """A metric has judged a request."""
        counts = self._arms.setdefault((arm, metric, stratum), [0, 0])
        counts[0] += 1
        counts[1] += missed

    def time(self, arm: Arm, metric: str, stratum: str, seconds: float) -> None:
        """A metric without a threshold has seen a request."""
        times = self._times.setdefault((arm, metric, stratum), [])
        if len(times) < TIMES:
            times.append(seconds)

    def miss(self, arm: Arm, metric: str, stratum: str, unit: int, share: float, time: float) -> Miss:
        """The message of one miss."""
        return Miss(self._rollout, self._epoch, arm, metric, stratum, unit, share, time, self._uid)

    def take_arms(self) -> Iterable[ArmCount]:
        """The counts, which are gone from here then."""
        arms, self._arms = self._arms, {}
        for key, (units, misses) in arms.items():
            yield ArmCount(self._rollout, self._epoch, *key, units, misses, self._uid)

    def take_assigned(self) -> Iterable[Assigned]:
        """The assignments, which are gone from here then."""
        assigned, self._assigned = self._assigned, {}
        for (keyed, share), (stable, candidate) in assigned.items():
            yield Assigned(self._rollout, self._epoch, keyed, share, stable, candidate, self._uid)

    def take_loads(self) -> Iterable[ArmLoad]:
        """The requests and failed attempts, which are gone from here then."""
        loads, failed = self._loads, self._failed
        self._loads, self._failed = {}, {}
        for arm in {**loads, **failed}:
            yield ArmLoad(self._rollout, self._epoch, arm, loads.get(arm, 0), failed.get(arm, 0), self._uid)

    def take_keys(self) -> Iterable[KeyLoad]:
        """The busiest keys, with what they did since they were last taken."""
        for key, requests in self._heaviest.take():
            yield KeyLoad(self._rollout, self._epoch, key, requests, self._uid)

    def take_times(self) -> Iterable[Times]:
        """The times, which are gone from here then."""
        times, self._times = self._times, {}
        for key, seconds in times.items():
            yield Times(self._rollout, self._epoch, *key, tuple(seconds), self._uid)
