"""What a worker observes for rollouts: which requests, since when, and what is told of them."""

from collections.abc import Callable
from os import getpid
from time import time

from turnout.channels import MISSES, ArmCount, ArmLoad, Assigned, KeyLoad, Miss, Times
from turnout.channels.sightings import Sightings
from turnout.inference import dialect_of
from turnout.proxy.deadlines import Deadlines
from turnout.proxy.observation import Asked, Observation
from turnout.proxy.request import Request
from turnout.proxy.tally import Tally
from turnout.proxy.watched import Watched, arm_of, share_of
from turnout.rollout.observe import FAILED, Judgement
from turnout.rollout.records import unit_of_key, unit_of_stretch
from turnout.table import RoutingTable


class Observed:
    """What `Report` tells of watched requests."""

    __slots__ = ("arms", "assignments", "keys", "loads", "misses", "misses_left_out", "times")

    def __init__(self, tallies: list[Tally], misses: list[Miss], left_out: int) -> None:
        self.arms: tuple[ArmCount, ...] = tuple(one for tally in tallies for one in tally.take_arms())
        self.misses = tuple(misses)
        self.misses_left_out = left_out
        self.assignments: tuple[Assigned, ...] = tuple(one for tally in tallies for one in tally.take_assigned())
        self.loads: tuple[ArmLoad, ...] = tuple(one for tally in tallies for one in tally.take_loads())
        self.keys: tuple[KeyLoad, ...] = tuple(one for tally in tallies for one in tally.take_keys())
        self.times: tuple[Times, ...] = tuple(one for tally in tallies for one in tally.take_times())


class Observer:
    """One worker's. A request is observed from the moment that it is assigned to an arm of a watched split."""

    __slots__ = (
        "_clock",
        "_deadlines",
        "_left_out",
        "_misses",
        "_origin",
        "_shares",
        "_sightings",
        "_tallies",
        "_touched",
    )

    def __init__(self, clock: Callable[[], float], sightings: Sightings | None = None) -> None:
        self._clock = clock
        self._sightings = sightings or Sightings.private()
        self._deadlines: Deadlines[tuple[Observation, int]] = Deadlines(clock())
        # Stretches are numbered from 0 by every worker's every sequence: this tells them apart.
        self._origin = f"{getpid()}/{clock():.6f}"
        self._tallies: dict[tuple[str, int], Tally] = {}
        self._shares: dict[tuple[str, str, str], tuple[float, float]] = {}
        self._touched: dict[Tally, None] = {}
        self._misses: list[Miss] = []
        self._left_out = 0

    # -- the table

    def watch(self, table: RoutingTable) -> dict[int, Watched]:
        """The watched splits of a table that takes effect now, by the identity of their `Split`.

        A share that is as it was before has been in effect since then, whatever the epoch: no key moves.
        """
        now = self._clock()
        found: dict[int, Watched] = {}
        tallies: dict[tuple[str, int], Tally] = {}
        shares: dict[tuple[str, str, str], tuple[float, float]] = {}
        for key, route in table.routes.items():
            for rule in route.rules:
                split = rule.split
                watch = split.watch
                if watch is None:
                    continue
                epoch, place = (watch.uid, watch.epoch), (watch.uid, key, rule.name)
                tallies[epoch] = tallies.get(epoch) or self._tallies.get(epoch) or Tally(watch)
                share = share_of(split)
                before = self._shares.get(place)
                since = before[1] if before is not None and before[0] == share else now
                shares[place] = (share, since)
                found[id(split)] = Watched(split, watch, tallies[epoch], since)
        self._tallies, self._shares = tallies, shares
        return found

    # -- a request

    def begin(
        self, watched: Watched | None, mix: int, role: str, key: str, unit: str, request: Request
    ) -> Observation | None:
        """The observation of a request that was just assigned, by `key` if it has one; None when nobody watches it.

        `mix` is the rule's, `role` the backend's, `unit` the record's.
        """
        now = self._clock()
        first_seen = now
        if key:
            first_seen = self._sightings.see(int(unit[4:], 16) ^ mix, now, 0).first
        arm = arm_of(role)
        if watched is None or arm is None:
            return None
        tally = watched.tally
        if not key or self._sightings.see(int(unit[4:], 16) ^ watched.mix, now, watched.tag).fresh:
            tally.assign(arm, watched.share, keyed=bool(key))
        tally.load(arm, key)
        self._touched[tally] = None
        asked = Asked(now, first_seen, key, unit, watched.stratum(request.size))
        if request.method == b"POST":
            self._ask(asked, request)
        made = Observation(watched, arm, asked, self._clock)
        for due, at in made.deadlines():
            self._deadlines.add(due, (made, at))
        return made

    def end(self, made: Observation, code: int, reason: str, attempts: int) -> None:
        """An observed request is over. `code` is what the client was sent, `reason` the record's."""
        failed = attempts if reason in FAILED and not made.answered_with else attempts - 1
        record, found = made.end(code, reason)
        watched = made.watched
        tally = watched.tally
        self._touched[tally] = None
        if failed > 0:
            tally.fail(made.arm, failed)
        for at, judgement in found:
            if judgement == "none":
                seconds = made.seconds(at, record)
                if seconds is not None:
                    tally.time(made.arm, watched.rules[at].name, made.asked.stratum, seconds)
            else:
                self._count(made, at, judgement)

    # -- the report

    def expire(self) -> None:
        """Judges what has passed its deadline. Due before each report, and when there is nobody to report to."""
        now = self._clock()
        for made, at in self._deadlines.due(now):
            self._count(made, at, made.settle(at, now))

    def take(self) -> Observed:
        """What is to be told, which is gone from here then: it must be sent."""
        self.expire()
        observed = Observed(list(self._touched), self._misses, self._left_out)
        self._touched.clear()
        self._misses = []
        self._left_out = 0
        return observed

    # -- its own

    def _ask(self, asked: Asked, request: Request) -> None:
        asked.probe = False
        asked.dialect = dialect_of(request.path())
        if asked.dialect is not None:
            fields = request.fields()
            asked.stream = fields.stream
            asked.json = fields.wants_json

    def _count(self, made: Observation, at: int, judgement: Judgement) -> None:
        if judgement not in {"hit", "miss"}:
            return
        watched, stratum = made.watched, made.asked.stratum
        metric = watched.rules[at].name
        missed = judgement == "miss"
        watched.tally.count(made.arm, metric, stratum, missed=missed)
        made.said += ((metric, missed),)
        self._touched[watched.tally] = None
        if not missed:
            return
        if len(self._misses) < MISSES:
            unit = self._unit(made)
            self._misses.append(watched.tally.miss(made.arm, metric, stratum, unit, watched.share, time()))
        else:
            self._left_out += 1

    def _unit(self, made: Observation) -> int:
        watched, asked = made.watched, made.asked
        kind, _, place = asked.unit.partition(":")
        if kind == "key":
            return unit_of_key(watched.salt, place)
        return unit_of_stretch(watched.salt, f"{self._origin}/{watched.watch.epoch}", int(place))
