"""What a worker tells the controller of its requests, every REPORT seconds. On a request's way it costs one append."""

import re

from turnout.channels import Count, Report
from turnout.proxy.loop_lag import LoopLag
from turnout.proxy.observer import Observed
from turnout.telemetry.access_log import AccessLog
from turnout.telemetry.buckets import DURATION, TPOT, TTFT, Spread
from turnout.telemetry.record import Record
from turnout.telemetry.snapshot import MOST_SERIES, OTHER

REPORT = 0.1
"""Seconds between two reports."""
MOST_MODELS = 64
"""Model names that are told apart."""
_PROMPT = re.compile(rb'"(?:prompt_tokens|input_tokens)"\s*:\s*(\d{1,15})')
_COMPLETION = re.compile(rb'"(?:completion_tokens|output_tokens)"\s*:\s*(\d{1,15})')

Kind = tuple[str, str, str, str, str, int, str]
"""Route, rule, pool, role, model, code, reason."""


class _Sums:
    """Requests of one kind since the last report."""

    __slots__ = ("completion", "duration", "prompt", "requests", "tpot", "ttft")

    def __init__(self) -> None:
        self.requests = 0
        self.prompt = 0
        self.completion = 0
        self.duration = Spread(DURATION)
        self.ttft = Spread(TTFT)
        self.tpot = Spread(TPOT)

    def count(self, kind: Kind) -> Count:
        """As it is told."""
        route, rule, pool, role, model, code, reason = kind
        times = [(each.counts, each.total) for each in (self.duration, self.ttft, self.tpot)]
        return Count(route, rule, pool, code, reason, self.requests, role, model, self.prompt, self.completion, *times)


class Reports:
    """Keeps records until the next report sums them up. `add` is the list's own append."""

    def __init__(self, access_log: AccessLog | None = None, lag: LoopLag | None = None) -> None:
        self._records: list[Record] = []
        self.add = self._records.append
        self._sums: dict[Kind, _Sums] = {}
        self._kinds: set[Kind] = set()
        self._models: set[str] = set()
        self._log = access_log
        self._lag = lag
        self._seq = 0

    def digest(self) -> None:
        """Sums up what came since the last time. Due every REPORT seconds, with and without somebody to report to."""
        records = self._records[:]
        self._records.clear()
        for record in records:
            self._digest(record)
        if self._log is not None:
            self._log.flush()

    def report(self, streams_open: int, table_version: int, observed: Observed | None = None) -> Report:
        """The next report. Its counts are gone from here: it must be sent."""
        self.digest()
        self._seq += 1
        counts = tuple(sums.count(kind) for kind, sums in self._sums.items())
        self._sums.clear()
        (lags, total), longest = self._lag.take() if self._lag is not None else (({}, 0.0), 0.0)
        dropped = self._log.take_dropped() if self._log is not None else 0
        told = {"lag": (lags, total), "longest_lag": longest, "log_dropped": dropped}
        if observed is None:
            return Report(self._seq, counts, streams_open, table_version, **told)  # type: ignore[arg-type]
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
            (lags, total),
            longest,
            dropped,
        )

    def _digest(self, record: Record) -> None:
        model = self._model(record)
        kind = (record.route, record.rule, record.pool, record.role, model, record.code, record.reason)
        sums = self._sums.get(kind) or self._first_of(kind)
        sums.requests += 1
        sums.duration.add(record.duration)
        prompt = completion = tpot = None
        if record.usage:
            prompt, completion = _tokens(_PROMPT, record.usage), _tokens(_COMPLETION, record.usage)
            sums.prompt += prompt or 0
            sums.completion += completion or 0
        ttft = None
        if record.first_token is not None:
            ttft = max(0.0, record.first_token - record.asked)
            sums.ttft.add(ttft)
            if completion is not None and completion >= 2 and not record.reason:
                tpot = max(0.0, record.duration - record.first_token) / (completion - 1)
                sums.tpot.add(tpot)
        if self._log is not None:
            self._log.add(record, model, ttft, tpot, prompt, completion)

    def _first_of(self, kind: Kind) -> _Sums:
        kinds = self._kinds
        if kind not in kinds and len(kinds) >= MOST_SERIES:
            kind = (OTHER, OTHER, OTHER, "", OTHER, kind[5] // 100 * 100, kind[6])
        else:
            kinds.add(kind)
        return self._sums.get(kind) or self._sums.setdefault(kind, _Sums())

    def _model(self, record: Record) -> str:
        """The model's name, if a server has answered for it: nobody else's word makes a series of its own."""
        model, models = record.model, self._models
        if not model or model in models:
            return model
        if record.pool and 200 <= record.code < 300 and record.attempts and len(models) < MOST_MODELS:
            models.add(model)
            return model
        return OTHER


def _tokens(pattern: re.Pattern[bytes], usage: bytes) -> int | None:
    found = pattern.search(usage)
    return int(found[1]) if found is not None else None
