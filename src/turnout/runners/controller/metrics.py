"""RUN/metrics: what is known of all workers and endpoints, written down for the API's `/metrics`."""

import logging
import time
from pathlib import Path

from turnout.channels import EndpointStates
from turnout.channels.inflight import InflightFile
from turnout.runners.controller.reports import Reports
from turnout.telemetry.snapshot import Server, Snapshot, read, write

log = logging.getLogger("turnout.runners")

FILE = "metrics"


class Metrics:
    """Goes on from the file of a predecessor, if there is one."""

    def __init__(self, run: Path, reports: Reports) -> None:
        self.states: EndpointStates | None = None
        self._run = run
        self._reports = reports
        self._inflight: InflightFile | None = None
        self._failing = False
        try:
            before = read(run / FILE)
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            log.warning("the metrics of a predecessor cannot be read: %s", error)
            return
        reports.totals.restore(before)
        reports.missing = before.missing

    def write(self) -> None:
        """Writes what is known. A disk that is full makes the figures old, and nothing else."""
        try:
            write(self._run / FILE, self.snapshot())
        except OSError as error:
            if not self._failing:
                log.warning("the metrics cannot be written: %s", error)
            self._failing = True
        else:
            self._failing = False

    def snapshot(self) -> Snapshot:
        """All that is known at this moment."""
        reports, totals = self._reports, self._reports.totals
        return Snapshot(
            time=time.time(),
            tallies=tuple(totals.tallies),
            streams=reports.streams_open,
            missing=reports.missing,
            log_dropped=totals.dropped,
            lag=totals.lag,
            tables=dict(totals.tables),
            longest=totals.longest,
            servers=self._servers(),
            shares=totals.shares.rows(),
        )

    def _servers(self) -> tuple[Server, ...]:
        if self.states is None:
            return ()
        now = time.monotonic()
        return tuple(
            Server(
                pool,
                each.address,
                each.ready,
                self._in_flight(each.slot),
                max(0.0, now - each.checked) if each.checked > 0 else None,
            )
            for pool, endpoints in self.states.pools.items()
            for each in endpoints
        )

    def _in_flight(self, slot: int) -> int:
        if self._inflight is None:
            try:
                self._inflight = InflightFile.open(self._run / "inflight")
            except (OSError, ValueError):
                return 0
        return max(0, self._inflight.total(slot)) if slot < self._inflight.rows else 0
