"""One watched request, from its assignment to its end: what was seen of it, and what that says for each metric."""

from collections.abc import Callable

from turnout.inference import Dialect, Reading, StreamReader, is_json_text, read_answer
from turnout.proxy import answers
from turnout.proxy.heads import is_event_stream, is_json
from turnout.proxy.upstream import Upstream
from turnout.proxy.watched import Watched
from turnout.rollout.observations import Arm
from turnout.rollout.observe import Judgement, deadline, judge, warm
from turnout.rollout.records import Record

WHOLE = 4 * 1024 * 1024
"""Bytes of an answer in one piece that are kept to be read; of a longer one nothing is known but its status."""

_CLIENTS_DOING = frozenset({answers.CLIENT_GONE, answers.BAD_REQUEST, "body-too-large", "headers-too-large"})
_NOT_ENCODED = frozenset({b"", b"identity"})


class Asked:
    """What the request said. `dialect` is None for what writes no text; `probe`: it is no inference at all.

    `unit` is the record's. `first_seen` is when its key was, for a keyless request `complete`.
    """

    __slots__ = ("complete", "dialect", "first_seen", "json", "key", "probe", "stratum", "stream", "unit")

    def __init__(self, complete: float, first_seen: float, key: str, unit: str, stratum: str) -> None:
        self.complete = complete
        self.first_seen = first_seen
        self.key = key
        self.unit = unit
        self.stratum = stratum
        self.dialect: Dialect | None = None
        self.stream = False
        self.json = False
        self.probe = True


class Observation:
    """Reads what passes by, and never changes it. `settle` and `end` return what became known.

    `answered_with` is the status of the server's answer, 0 before it. `said` is what metrics have said so far, by name,
    and whether that was a miss.
    """

    __slots__ = (
        "_clock",
        "_first",
        "_judged",
        "_last",
        "_parts",
        "_reader",
        "_reading",
        "_size",
        "_stream",
        "answered_with",
        "arm",
        "asked",
        "said",
        "watched",
    )

    def __init__(self, watched: Watched, arm: Arm, asked: Asked, clock: Callable[[], float]) -> None:
        self.watched = watched
        self.arm = arm
        self.asked = asked
        self._clock = clock
        self._judged = 0  # a bit for each metric that has had its say
        self.answered_with = 0
        self.said: tuple[tuple[str, bool], ...] = ()
        self._stream = asked.stream and asked.dialect is not None
        self._reader: StreamReader | None = None
        self._reading: Reading | None = None
        self._parts: list[bytes] | None = None
        self._size = 0
        self._first: float | None = None
        self._last: float | None = None

    def deadlines(self) -> list[tuple[float, int]]:
        """When each metric that does not wait for the end must be judged, by its place."""
        if not self._stream:
            return []
        record = self._record(None, None, "")
        dues = [(deadline(record, rule, self.watched.grace), at) for at, rule in enumerate(self.watched.rules)]
        return [(due, at) for due, at in dues if due is not None]

    def answered(self, upstream: Upstream) -> None:
        """The answer's head is there."""
        self.answered_with = upstream.status
        dialect = self.asked.dialect
        self._stream = False
        if dialect is None or not 200 <= upstream.status < 300 or upstream.bodiless:
            return
        if encoding_of(upstream.head) not in _NOT_ENCODED:
            return
        if is_event_stream(upstream.content_type):
            self._stream = True
            self._reader = StreamReader(dialect, keep_text=self.asked.json and self.watched.keeps_text)
        elif self.watched.reads_whole and is_json(upstream.content_type):
            self._parts = []

    def read(self, parts: list[bytes]) -> None:
        """More of the answer's body."""
        reader = self._reader
        if reader is None:
            if self._parts is not None:
                self._keep(parts)
            return
        for part in parts:
            reader.feed(part)
        if self._last is None:
            if self._first is None and reader.content:
                self._first = self._clock()
            if reader.finish:
                self._last = self._clock()

    def settle(self, at: int, now: float) -> Judgement:
        """What the metric in place `at` says by `now`; `none` if it has had its say."""
        if self._judged & 1 << at:
            return "none"
        found = judge(self._record(None, None, ""), self.watched.rules[at], now, self.watched.grace)
        if found != "pending":
            self._judged |= 1 << at
        return found

    def end(self, code: int, reason: str) -> tuple[Record, list[tuple[int, Judgement]]]:
        """The request is over: its record, and what each metric says of it, by its place, that had not had its say."""
        now = self._clock()
        self._read_on(reason)
        whole = self._reading is not None and self._reading.whole
        gone = reason in _CLIENTS_DOING and not (whole and reason == answers.CLIENT_GONE)
        if reason in _CLIENTS_DOING:
            reason = ""
        else:
            self.answered_with = code
        if self._last is None:
            self._last = now
        record = self._record(None if gone else now, now if gone else None, reason)
        watched = self.watched
        found: list[tuple[int, Judgement]] = [
            (at, judge(record, rule, now, watched.grace))
            for at, rule in enumerate(watched.rules)
            if not self._judged & 1 << at
        ]
        self._judged = -1
        return record, found

    def seconds(self, at: int, record: Record) -> float | None:
        """The time that a metric without a threshold would judge; None when it would not judge this request."""
        rule = self.watched.rules[at]
        if rule.threshold is not None or record.first_token is None or not record.stream or record.probe:
            return None
        if not warm(record, self.watched.grace):
            return None
        if rule.builtin == "TTFT":
            return record.first_token - record.complete
        tokens, last = record.completion_tokens, record.last_token
        if rule.builtin != "TPOT" or record.ended is None or tokens is None or tokens < 2 or last is None:
            return None
        return (last - record.first_token) / (tokens - 1)

    def _keep(self, parts: list[bytes]) -> None:
        kept = self._parts
        assert kept is not None
        self._size += sum(map(len, parts))
        if self._size > WHOLE:
            self._parts = None
        else:
            kept += parts

    def _read_on(self, reason: str) -> None:
        """Reads what can only be read at the end, and lets go of the answer."""
        reader, parts = self._reader, self._parts
        if reader is not None:
            reader.end()
            if reader.lost and not reader.terminated:
                self._stream = False
            else:
                self._reading = reader.reading()
        elif parts is not None and not reason:
            self._reading = read_answer(self.asked.dialect, b"".join(parts))
        self._reader = self._parts = None

    def _record(self, ended: float | None, gone: float | None, reason: str) -> Record:
        watched, asked = self.watched, self.asked
        reading = self._reading
        known = reading or Reading()
        over = ended is not None or gone is not None
        return Record(
            arm=self.arm,
            weight=watched.share,
            weight_since=watched.since,
            unit=0,
            keyed=bool(asked.key),
            first_seen=asked.first_seen,
            assigned=asked.complete,
            complete=asked.complete,
            stream=self._stream,
            status=self.answered_with,
            reason=reason,
            stream_error=self._stream and known.error,
            first_token=self._first,
            last_token=self._last if over else None,
            ended=ended,
            client_gone=gone,
            finish_reason=known.finish or None,
            terminated=known.terminated,
            completion_tokens=known.completion_tokens,
            content=None if reading is None else known.content,
            json_asked=asked.json,
            json_valid=self._json_valid(known),
            probe=asked.probe,
        )

    def _json_valid(self, reading: Reading) -> bool | None:
        # An answer that was cut at its longest, or that calls a tool, need not be JSON.
        if not self.asked.json or reading.text is None or reading.finish not in {"stop", "completed"}:
            return None
        return is_json_text(reading.text)


def encoding_of(head: list[bytes]) -> bytes:
    """The Content-Encoding among header lines (`name, ": ", value, CRLF` each), in lower case; empty without one."""
    for at in range(0, len(head), 4):
        if len(head[at]) == 16 and head[at].lower() == b"content-encoding":
            return head[at + 2].strip().lower()
    return b""
