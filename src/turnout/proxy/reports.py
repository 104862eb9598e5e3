"""What a worker tells the controller of its requests: counts, every REPORT seconds."""

from turnout.channels import Count, Report
from turnout.proxy.observer import Observed
from turnout.telemetry.record import Record

REPORT = 0.1
"""Seconds between two reports."""


class Reports:
    """Counts records until the next report takes the counts away."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, str, int, str], int] = {}
        self._seq = 0

    def add(self, record: Record) -> None:
        """Counts one request."""
        key = (record.route, record.rule, record.pool, record.code, record.reason)
        counts = self._counts
        counts[key] = counts.get(key, 0) + 1

    def report(self, streams_open: int, table_version: int, observed: Observed | None = None) -> Report:
        """The next report. Its counts are gone from here: it must be sent."""
        self._seq += 1
        counts = tuple(Count(*key, requests) for key, requests in self._counts.items())
        self._counts.clear()
        if observed is None:
            return Report(self._seq, counts, streams_open, table_version)
        return Report(
            self._seq,
            counts,
            streams_open,
            table_version,
            observed.arms,
            observed.misses,
            observed.misses_left_out,
            observed.assignments,
            observed.loads,
            observed.keys,
            observed.times,
        )
