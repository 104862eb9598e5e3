"""A traffic model: requests, their keys, and what would go wrong with them. Seeded; times are virtual.

Arms are drawn by `turnout.routing`, misses are judged by `turnout.rollout.observe`: only the world is made up.
"""

import math
from collections import Counter
from random import Random
from typing import NamedTuple

from msgspec import Struct

from turnout.judge import SplitCount
from turnout.rollout.observations import Arm, Assigned, Count, KeyLoad, Miss, Observations
from turnout.rollout.observe import Rule, judge
from turnout.rollout.records import Record, unit_of_key, unit_of_stretch
from turnout.routing.split import Sequence, Splitter
from turnout.table import Backend, ObjectRef, Split

GRACE = 30.0
TTFT = 0.8
RULES = (Rule("errors", "ErrorRate"), Rule("ttft", "TTFT", TTFT))
CANDIDATE = ObjectRef("inference.networking.k8s.io", "InferencePool", "lab", "candidate")
STABLE = ObjectRef("inference.networking.k8s.io", "InferencePool", "lab", "stable")


class Traffic(Struct, frozen=True):
    """What the world is like. Rates are per second of virtual time; chances are of one request on stable.

    `drift` is the factor by which errors grow over `drift_time`; `period`: every so many-th request is a hard one, with
    the chance `hard` of missing; `clustered` of the keys are bad, and miss with chance `bad`; `heavy` is the share of
    requests that one key has. `cold`: for so many seconds after a weight took effect, and on a key's first turn after
    it changed side, the candidate misses TTFT eight times as often. `errors_times` and `ttft_times` are the harm.
    """

    rate: float = 10.0
    poisson: bool = True
    errors: float = 0.05
    ttft: float = 0.08
    keyed: float = 0.4
    sessions: int = 300
    turnover: float = 0.05
    heavy: float = 0.0
    clustered: float = 0.0
    bad: float = 0.6
    period: int = 0
    hard: float = 0.7
    drift: float = 1.0
    drift_time: float = 600.0
    cold: float = 0.0
    workers: int = 2
    errors_times: float = 1.0
    ttft_times: float = 1.0


class Drawn(NamedTuple):
    """A request and its arm. `unit_key` is its key, or "" with the stretch that it is in."""

    key: str
    arm: Arm
    worker: int
    stretch: int
    first_seen: float
    moved: bool


class World:
    """The traffic as it goes: which keys there are, where they belong, and the weight in force."""

    def __init__(self, traffic: Traffic, seed: int) -> None:
        self.traffic = traffic
        self.random = Random(seed)  # noqa: S311 a simulation, seeded so that it repeats
        self.salt = f"lab-{seed}"
        self.requests = 0
        self._weight = 0
        self._since = 0.0
        self._era = 0
        self._splitter = Splitter(Split(self.salt, ()))
        self._sequences: list[Sequence] = []
        self._arms: dict[str, Arm] = {}
        self._former: dict[str, Arm] = {}
        self._first_seen: dict[str, float] = {}
        self._names = 0
        self._keys = [self._new_key() for _ in range(traffic.sessions)]
        self._bad = {key for key in self._keys if self.random.random() < traffic.clustered}

    def set_weight(self, weight: int, now: float) -> None:
        """The candidate's percent from now on, in every worker."""
        arms = ((CANDIDATE, weight), (STABLE, 100 - weight))
        split = Split(self.salt, tuple(Backend(ref, share) for ref, share in arms if share))
        self._weight, self._since, self._era = weight, now, self._era + 1
        self._splitter = Splitter(split)
        self._sequences = [Sequence(split) for _ in range(self.traffic.workers)]
        self._former, self._arms = self._arms, {}

    def batch(self, start: float, span: float, round_: int, seq: int) -> Observations:
        """The report about `span` seconds of traffic from `start`."""
        count = self._arrivals(span)
        fresh: Counter[tuple[bool, Arm]] = Counter()
        counts: Counter[tuple[str, Arm]] = Counter()
        missed: Counter[tuple[str, Arm]] = Counter()
        by_arm: Counter[Arm] = Counter()
        by_key: Counter[str] = Counter()
        misses: list[Miss] = []
        for number in range(count):
            at = start + span * number / count
            request = self._draw(at, fresh)
            by_arm[request.arm] += 1
            if request.key:
                by_key[request.key] += 1
            self.requests += 1
            warm = at >= self._since + GRACE and request.first_seen >= self._since
            for name, stream in (("errors", False), ("ttft", True)):
                if stream and (not warm or number & 1):
                    continue
                counts[name, request.arm] += 1
                if self.random.random() < self._chance(request, at, stream=stream):
                    missed[name, request.arm] += 1
                    misses.append(self._miss(request, at, stream=stream))
        self._turn_over(span)
        share = self._weight / 100
        return Observations(
            source="lab",
            seq=seq,
            round=round_,
            counts=tuple(Count(name, arm, n, missed[name, arm]) for (name, arm), n in counts.items()),
            misses=tuple(misses),
            assigned=tuple(
                Assigned(keyed, SplitCount(share, fresh[keyed, "candidate"], fresh[keyed, "stable"]))
                for keyed in (True, False)
            ),
            stable_requests=by_arm["stable"],
            candidate_requests=by_arm["candidate"],
            keys=tuple(KeyLoad(key, n) for key, n in by_key.most_common(4)),
        )

    def _arrivals(self, span: float) -> int:
        mean = self.traffic.rate * span
        if not self.traffic.poisson:
            return max(1, round(mean))
        # Normal above 30: within a percent, and one throw.
        if mean > 30:
            return max(1, round(self.random.gauss(mean, math.sqrt(mean))))
        limit, product, count = math.exp(-mean), self.random.random(), 0
        while product > limit:
            product *= self.random.random()
            count += 1
        return count

    def _draw(self, at: float, fresh: Counter[tuple[bool, Arm]]) -> Drawn:
        random = self.random.random
        keyed = random()
        if keyed < self.traffic.heavy:
            return self._keyed("heavy", at, fresh)
        if keyed < self.traffic.heavy + self.traffic.keyed:
            return self._keyed(self._keys[int(random() * len(self._keys))], at, fresh)
        worker = int(random() * self.traffic.workers)
        backend, stretch = self._sequences[worker].next(random)
        arm: Arm = "candidate" if backend.ref is CANDIDATE else "stable"
        fresh[False, arm] += 1
        return Drawn("", arm, worker, stretch, at, moved=False)

    def _keyed(self, key: str, at: float, fresh: Counter[tuple[bool, Arm]]) -> Drawn:
        arm = self._arms.get(key)
        moved = False
        first = self._first_seen.setdefault(key, at)
        if arm is None:
            backend = self._splitter.keyed(key)
            arm = "candidate" if backend is not None and backend.ref is CANDIDATE else "stable"
            self._arms[key] = arm
            fresh[True, arm] += 1
            moved = self._former.get(key, arm) != arm
        return Drawn(key, arm, 0, 0, first, moved)

    def _chance(self, request: Drawn, at: float, *, stream: bool) -> float:
        traffic = self.traffic
        chance = traffic.ttft if stream else traffic.errors
        if traffic.drift != 1.0:
            chance *= 1.0 + (traffic.drift - 1.0) * min(1.0, at / traffic.drift_time)
        if traffic.period and self.requests % traffic.period == 0:
            chance = traffic.hard
        if request.key and request.key in self._bad:
            chance = traffic.bad
        if request.arm == "candidate":
            chance *= traffic.ttft_times if stream else traffic.errors_times
            if stream and traffic.cold and (request.moved or at < self._since + traffic.cold):
                chance *= 8
        return min(chance, 0.95)

    def _miss(self, request: Drawn, at: float, *, stream: bool) -> Miss:
        """The request as a record, judged as a worker judges it."""
        place = f"{request.worker}/{self._era}"
        unit = (
            unit_of_key(self.salt, request.key) if request.key else unit_of_stretch(self.salt, place, request.stretch)
        )
        record = Record(
            arm=request.arm,
            weight=self._weight / 100,
            weight_since=self._since,
            unit=unit,
            keyed=bool(request.key),
            first_seen=request.first_seen,
            assigned=at,
            complete=at,
            stream=stream,
            status=200 if stream else 500,
            ended=None if stream else at + 0.1,
        )
        rule = RULES[stream]
        now = at + (2 * TTFT if stream else 0.1)
        assert judge(record, rule, now, GRACE) == "miss"
        return Miss(rule.name, record.arm, record.weight, record.unit, now)

    def _turn_over(self, span: float) -> None:
        """Sessions end and others begin."""
        for _ in range(int(self.traffic.turnover * span * len(self._keys) / 10)):
            place = int(self.random.random() * len(self._keys))
            key = self._new_key()
            self._keys[place] = key
            if self.random.random() < self.traffic.clustered:
                self._bad.add(key)

    def _new_key(self) -> str:
        self._names += 1
        return f"session-{self._names}"
