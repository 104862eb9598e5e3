"""What the workers saw, summed."""

from collections import Counter
from typing import TypeAlias

from turnout.channels import Report
from turnout.runners.controller.totals import Totals

Label: TypeAlias = tuple[str, str, str, int, str]
"""Route, rule, pool, code, reason."""


class Reports:
    """Sums of all reports since this process began. `missing` counts reports that never came."""

    def __init__(self) -> None:
        self.requests: Counter[Label] = Counter()
        self.totals = Totals()
        self.missing = 0
        self._last: dict[tuple[int, int], int] = {}
        self._streams: dict[tuple[int, int], int] = {}

    @property
    def streams_open(self) -> int:
        """Open streams of all workers that are there."""
        return sum(self._streams.values())

    def add(self, worker: int, pid: int, report: Report) -> int:
        """Adds a report and returns how many before it are missing. One that was told before counts nothing."""
        last = self._last.get((worker, pid))
        if last is not None and report.seq <= last:
            return 0
        self._last[worker, pid] = report.seq
        self._streams[worker, pid] = report.streams_open
        self.totals.add(worker, report)
        for count in report.counts:
            self.requests[count.route, count.rule, count.pool, count.code, count.reason] += count.requests
        gap = report.seq - last - 1 if last is not None else 0
        self.missing += gap
        return gap

    def gone(self, worker: int, pid: int) -> None:
        """That process is not there: it has no open streams. Its successor may be there for long already."""
        self._streams.pop((worker, pid), None)
        if all(number != worker for number, _ in self._streams):
            self.totals.gone(worker)
