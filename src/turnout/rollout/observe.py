"""From records to counts and misses: what counts, for which metric, and when.

Nothing here knows a rollout's plan or state: a data plane worker may use it.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Literal

from msgspec import Struct

from turnout.judge import SplitCount
from turnout.rollout.observations import Arm, Assigned, Count, Miss
from turnout.rollout.records import Record

Judgement = Literal["miss", "hit", "none", "pending"]
"""`none`: says nothing about the arm. `pending`: not known yet."""

NEITHER = frozenset({"saturated", "queue-timeout", "draining"})
"""The gateway's own doing: neither arm's."""

FAILED = frozenset({"upstream-connect", "upstream-reset", "timeout", "no-endpoints"})
"""The chosen arm's doing, although the gateway answers."""

CLIENT_ERRORS = frozenset({400, 413, 422})
SERVER_ERRORS = frozenset({404, 408, 429})
NATURAL = frozenset({"stop", "tool_calls", "function_call", "end_turn", "stop_sequence", "tool_use"})
"""Finish reasons of an answer that came to its own end; `length` is not: a model in a loop ends so."""


class Rule(Struct, frozen=True):
    """A metric as reporters know it. `threshold` in seconds: None while it is not fixed, or where there is none."""

    name: str
    builtin: str
    threshold: float | None = None


def judge(record: Record, rule: Rule, now: float, grace: float = 30.0) -> Judgement:
    """What the record says for one metric at time `now`. Once it is not `pending` it never changes."""
    if record.probe or record.reason in NEITHER:
        return "none"
    if rule.builtin in TIMED:
        if rule.threshold is None or not warm(record, grace):
            return "none"
        return TIMED[rule.builtin](record, rule.threshold, now)
    return ENDED[rule.builtin](record)


def deadline(record: Record, rule: Rule, grace: float = 30.0) -> float | None:
    """When to judge an open request again although nothing has happened: TTFT's threshold. None: at its end."""
    if rule.builtin != "TTFT" or rule.threshold is None or judge(record, rule, record.complete, grace) != "pending":
        return None
    return record.complete + rule.threshold


def warm(record: Record, grace: float) -> bool:
    """Both arms alike: the request came `grace` after its weight took effect, its key not before the weight did.

    A key that changed side finds a cold cache there, and one that stayed a warm one: neither is the model's doing.
    """
    return record.assigned >= record.weight_since + grace and record.first_seen >= record.weight_since


def time_to_first_token(record: Record, threshold: float, now: float) -> Judgement:
    """Streams only; request complete -> first content. A miss when the deadline passes, not when the token comes."""
    if not record.stream:
        return "none"
    due = record.complete + threshold
    if record.first_token is not None:
        return "miss" if record.first_token > due else "hit"
    over = [time for time in (record.ended, record.client_gone) if time is not None]
    if over and min(over) <= due:
        return "none"
    return "miss" if over or now > due else "pending"


def time_per_output_token(record: Record, threshold: float, _now: float) -> Judgement:
    """Streams with a usage of two tokens or more. Chunks are not tokens, and are never counted."""
    if not record.stream:
        return "none"
    if record.ended is None and record.client_gone is None:
        return "pending"
    tokens, first, last = record.completion_tokens, record.first_token, record.last_token
    if tokens is None or tokens < 2 or first is None or last is None:
        return "none"
    return "miss" if (last - first) / (tokens - 1) > threshold else "hit"


def error(record: Record) -> Judgement:
    """5xx, 404, 408 and 429 of the server, a connection that failed, no endpoint, an error inside a stream."""
    if record.stream_error or record.reason in FAILED:
        return "miss"
    if not record.reason and (record.status >= 500 or record.status in SERVER_ERRORS):
        return "miss"
    if record.ended is None:
        return "none" if record.client_gone is not None else "pending"
    if record.client_gone is not None or record.reason or record.status in CLIENT_ERRORS:
        return "none"
    return "hit"


def client_error(record: Record) -> Judgement:
    """400, 413 and 422 of the server: requests that stable takes and the candidate does not."""
    if not record.reason and record.status in CLIENT_ERRORS:
        return "miss"
    return error_free(record)


def error_free(record: Record) -> Judgement:
    """`hit` for a whole answer of 2xx without an error in it; `none` for any other end."""
    if record.client_gone is not None:
        return "none"
    if record.ended is None:
        return "pending"
    good = 200 <= record.status < 300 and not record.reason and not record.stream_error
    return "hit" if good else "none"


def broken_stream(record: Record) -> Judgement:
    """A stream of 2xx that ended with neither a finish reason nor its terminator."""
    if not record.stream or not 200 <= record.status < 300:
        return "none" if not record.stream or record.status or record.ended is not None else "pending"
    if record.client_gone is not None:
        return "none"
    if record.ended is None:
        return "pending"
    return "miss" if record.finish_reason is None and not record.terminated else "hit"


def empty_output(record: Record) -> Judgement:
    """A whole answer without content, reasoning content or tool call."""
    found = error_free(record)
    if found != "hit" or record.content is None:
        return "pending" if found == "pending" else "none"
    return "hit" if record.content else "miss"


def invalid_json(record: Record) -> Judgement:
    """A whole answer that was to be JSON and is not."""
    found = error_free(record)
    if found != "hit" or not record.json_asked or record.json_valid is None:
        return "pending" if found == "pending" else "none"
    return "hit" if record.json_valid else "miss"


def finish_reason(record: Record) -> Judgement:
    """A whole answer that did not come to its own end."""
    found = error_free(record)
    if found != "hit" or record.finish_reason is None:
        return "pending" if found == "pending" else "none"
    return "hit" if record.finish_reason in NATURAL else "miss"


TIMED: dict[str, Callable[[Record, float, float], Judgement]] = {
    "TTFT": time_to_first_token,
    "TPOT": time_per_output_token,
}
ENDED: dict[str, Callable[[Record], Judgement]] = {
    "ErrorRate": error,
    "ClientError": client_error,
    "BrokenStream": broken_stream,
    "EmptyOutput": empty_output,
    "InvalidJSON": invalid_json,
    "FinishReason": finish_reason,
}


class Tallied(Struct, frozen=True):
    """What a number of records say, ready for a report."""

    counts: tuple[Count, ...]
    misses: tuple[Miss, ...]


def tallied(records: Iterable[tuple[Record, float]], rules: Iterable[Rule], grace: float = 30.0) -> Tallied:
    """Counts and misses of records, each judged at its own time, for metrics that each record is judged by once."""
    every = tuple(rules)
    counts: Counter[tuple[str, Arm]] = Counter()
    missed: Counter[tuple[str, Arm]] = Counter()
    misses: list[Miss] = []
    for record, now in records:
        for rule in every:
            found = judge(record, rule, now, grace)
            if found not in ("hit", "miss"):
                continue
            counts[rule.name, record.arm] += 1
            if found == "miss":
                missed[rule.name, record.arm] += 1
                misses.append(Miss(rule.name, record.arm, record.weight, record.unit, now))
    found_counts = (Count(name, arm, number, missed[name, arm]) for (name, arm), number in sorted(counts.items()))
    return Tallied(tuple(found_counts), tuple(misses))


def assignments(drawn: Iterable[tuple[bool, float, Arm]]) -> tuple[Assigned, ...]:
    """What was drawn (keyed, weight, arm), for the split's test: keyless requests, and keys new under their weight.

    It counts when an arm is drawn, never when a request ends: slow answers would look like a wrong split.
    """
    counts = Counter(drawn)
    cells = sorted({(keyed, weight) for keyed, weight, _ in counts})
    return tuple(
        Assigned(keyed, SplitCount(weight, counts[keyed, weight, "candidate"], counts[keyed, weight, "stable"]))
        for keyed, weight in cells
    )
