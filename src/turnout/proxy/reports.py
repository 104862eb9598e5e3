"""What a worker tells the controller of its requests, every REPORT seconds. On a request's way it costs one append."""

import re

from turnout.channels import Count, Report
from turnout.proxy.loop_lag import LoopLag
from turnout.proxy.observer import Observed
from turnout.telemetry.access_log import AccessLog
from turnout.telemetry.buckets import DURATION, TPOT, TTFT, Spread
from turnout.telemetry.record import Place, Record
from turnout.telemetry.snapshot import MOST_SERIES, OTHER

REPORT = 0.1
"""Seconds between two reports."""
MOST_MODELS = 64
"""Model names that are told apart."""
_PROMPT = re.compile(rb'"(?:prompt_tokens|input_tokens)"\s*:\s*(\d{1,15})')
_OWN = re.compile(rb'"(?:completion_tokens|output_tokens)"\s*:\s*(\d{1,15})')
_BOTH = re.compile(
    rb'"usage":\s?\{"prompt_tokens":\s?(\d{1,15}),(?:\s?"total_tokens":\s?\d{1,15},)?\s?"completion_tokens":\s?(\d{1,15})\b'
)
"""As vLLM, SGLang and TensorRT-LLM write it."""

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

    def told(self, usage: bytes) -> tuple[int | None, int | None]:
        """Counts the tokens that an answer tells of, of its prompt and of its own; None for what it does not tell."""
        both = _BOTH.match(usage)
        prompt, completion = (int(both[1]), int(both[2])) if both else (_tokens(_PROMPT, usage), _tokens(_OWN, usage))
        self.prompt += prompt or 0
        self.completion += completion or 0
        return prompt, completion

    def time(self, record: Record, completion: int | None) -> tuple[float, float | None]:
        """Counts the seconds to a stream's first token, and per token behind that where its tokens are known."""
        ttft = max(0.0, record.first_content - record.sent)
        self.ttft.add(ttft)
        if completion is None or completion < 2 or record.reason:
            return ttft, None
        tpot = max(0.0, record.began + record.duration - record.first_content) / (completion - 1)
        self.tpot.add(tpot)
        return ttft, tpot

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
        self._found: dict[tuple[Place, str, int, str], tuple[_Sums, str]] = {}
        self._kinds: set[Kind] = set()
        self._models: set[str] = set()
        self._log = access_log
        self._lag = lag
        self._seq = 0

    def digest(self) -> None:
        """Sums up what came since the last time. Due every REPORT seconds, with and without somebody to report to."""
        records = self._records[:]
        self._records.clear()
        self._digest(records)
        if self._log is not None:
            self._log.flush()

    def report(self, streams_open: int, table_version: int, observed: Observed | None = None) -> Report:
        """The next report. Its counts are gone from here: it must be sent."""
        self.digest()
        self._seq += 1
        counts = tuple(sums.count(kind) for kind, sums in self._sums.items())
        self._sums.clear()
        self._found.clear()
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

    def _digest(self, records: list[Record]) -> None:
        log, found = self._log, self._found
        for record in records:
            place = record.place
            key = (place, record.model, record.code, record.reason)
            known = found.get(key)
            if known is None:
                known = found[key] = self._first_of(record)
            sums, model = known
            sums.requests += 1
            sums.duration.add(record.duration)
            prompt, completion = sums.told(record.usage) if record.usage else (None, None)
            ttft = tpot = None
            if record.first_content:
                ttft, tpot = sums.time(record, completion)
            if log is not None and not log.off(place):
                log.add(record, model, ttft, tpot, prompt, completion)

    def _first_of(self, record: Record) -> tuple[_Sums, str]:
        """What the record counts for, and the name of its model that may be told."""
        kinds, place, model = self._kinds, record.place, self._model(record)
        kind = (place.route, place.rule, place.pool, place.role, model, record.code, record.reason)
        if kind not in kinds and len(kinds) >= MOST_SERIES:
            kind = (OTHER, OTHER, OTHER, "", OTHER, kind[5] // 100 * 100, kind[6])
        else:
            kinds.add(kind)
        return self._sums.get(kind) or self._sums.setdefault(kind, _Sums()), model

    def _model(self, record: Record) -> str:
        """The model's name, if a server has answered for it: nobody else's word makes a series of its own."""
        model, models = record.model, self._models
        if not model or model in models:
            return model
        if record.place.pool and 200 <= record.code < 300 and record.attempts and len(models) < MOST_MODELS:
            models.add(model)
            return model
        return OTHER


def _tokens(pattern: re.Pattern[bytes], usage: bytes) -> int | None:
    found = pattern.search(usage)
    return int(found[1]) if found is not None else None
