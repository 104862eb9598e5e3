"""All that workers ever reported, in sum: what is counted stays counted when a worker is gone."""

from collections.abc import Callable, Iterable
from time import monotonic

from turnout.channels import Count, Report
from turnout.runners.controller.shares import Shares
from turnout.telemetry.buckets import DURATION, LAG, TPOT, TTFT, Spread
from turnout.telemetry.snapshot import MOST_SERIES, OTHER, Snapshot, Tally

PERIOD = 60.0
"""Seconds over which a worker's longest lag is kept: this period's and the last one's."""

Kind = tuple[str, str, str, str, str, int, str]
Told = tuple[dict[int, int], float]


class Totals:
    """Sums since the system began, its controller's restarts included."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self.shares = Shares()
        self.tables: dict[int, int] = {}
        self.dropped = 0
        self._clock = clock
        self._tallies: dict[Kind, Tally] = {}
        self._lag = Spread(LAG)
        self._longest: dict[int, tuple[float, float]] = {}
        self._period = clock()

    def restore(self, snapshot: Snapshot) -> None:
        """Goes on from what a predecessor wrote down."""
        self._tallies = {_kind(each): each for each in snapshot.tallies}
        self._lag.merge(*snapshot.lag)
        self.dropped = snapshot.log_dropped

    def add(self, worker: int, report: Report) -> None:
        """Adds a report, which was not told before."""
        for count in report.counts:
            self._count(count)
            self.shares.count(count)
        self._lag.merge(*report.lag)
        self.dropped += report.log_dropped
        self.tables[worker] = report.table_version
        self._turn()
        last, present = self._longest.get(worker, (0.0, 0.0))
        self._longest[worker] = last, max(present, report.longest_lag)

    def gone(self, worker: int) -> None:
        """The worker is not there."""
        self.tables.pop(worker, None)
        self._longest.pop(worker, None)

    @property
    def tallies(self) -> Iterable[Tally]:
        """All kinds of requests."""
        return self._tallies.values()

    @property
    def lag(self) -> Told:
        """The lags of all loops."""
        return self._lag.counts, self._lag.total

    @property
    def longest(self) -> dict[int, float]:
        """The longest lag of each worker that is there."""
        self._turn()
        return {worker: max(both) for worker, both in self._longest.items()}

    def _turn(self) -> None:
        if self._clock() - self._period >= PERIOD:
            self._period = self._clock()
            self._longest = {worker: (present, 0.0) for worker, (_, present) in self._longest.items()}

    def _count(self, count: Count) -> None:
        kind = (count.route, count.rule, count.pool, count.role, count.model, count.code, count.reason)
        tally = self._tallies.get(kind)
        if tally is None and len(self._tallies) >= MOST_SERIES:
            kind = (OTHER, OTHER, OTHER, "", OTHER, count.code // 100 * 100, count.reason)
            tally = self._tallies.get(kind)
        if tally is None:
            tally = self._tallies[kind] = Tally(*kind)
        tally.requests += count.requests
        tally.prompt_tokens += count.prompt_tokens
        tally.completion_tokens += count.completion_tokens
        tally.duration = _sum(DURATION, tally.duration, count.duration)
        tally.ttft = _sum(TTFT, tally.ttft, count.ttft)
        tally.tpot = _sum(TPOT, tally.tpot, count.tpot)


def _kind(tally: Tally) -> Kind:
    return tally.route, tally.rule, tally.pool, tally.role, tally.model, tally.code, tally.reason


def _sum(bounds: tuple[float, ...], one: Told, other: Told) -> Told:
    if not other[0]:
        return one
    spread = Spread(bounds)
    spread.merge(*one)
    spread.merge(*other)
    return spread.counts, spread.total
