"""An engine's metrics page to numbers, by byte search: a page of 100 KB holds three that matter.

The page is Prometheus text (exposition format 0.0.4): a sample is one line, `name{labels} value [timestamp]`.
"""

from collections.abc import Iterator
from math import isfinite

from msgspec import Struct

from turnout.endpoints.engines import Engine, Series


class Load(Struct, frozen=True):
    """How busy an endpoint says it is. `waiting` and `running` are requests, `kv_usage` is 0 to 1; None is unknown."""

    waiting: float | None = None
    running: float | None = None
    kv_usage: float | None = None


UNKNOWN = Load()


def read_load(page: bytes, engine: Engine) -> Load:
    """The load that `page` tells. Never raises.

    An engine of several ranks has a sample for each: requests are summed, of the KV usages the highest counts. A
    number is unknown if it has no sample, or one that is no number, not finite or negative.
    """
    kv_usages = _samples(page, engine.kv_usage)
    return Load(
        waiting=_sum(_samples(page, engine.waiting)),
        running=_sum(_samples(page, engine.running)),
        kv_usage=None if kv_usages is None else min(max(kv_usages), 1.0),
    )


def _sum(values: list[float] | None) -> float | None:
    if values is None:
        return None
    total = sum(values)
    return total if isfinite(total) else None


def _samples(page: bytes, choices: tuple[Series, ...]) -> list[float] | None:
    for series in choices:
        texts = list(_texts(page, series))
        if texts:
            values = [_number(text) for text in texts]
            known = [value for value in values if value is not None]
            return known if len(known) == len(values) else None
    return None


def _texts(page: bytes, series: Series) -> Iterator[bytes]:
    """What stands behind the labels of each sample of the series."""
    for rest in _lines(page, series.name):
        if rest[:1] == b"{":
            # A label's value may hold a brace; what follows the labels cannot.
            labels, brace, value = rest.rpartition(b"}")
            if brace and _has(labels, series.label):
                yield value
        elif rest[:1] in (b" ", b"\t") and not series.label:
            yield rest


def _has(labels: bytes, label: bytes) -> bool:
    # Labels begin behind the brace, a comma or a blank: any other byte before it is part of a longer name.
    return not label or any(start + label in labels for start in (b"{", b",", b" "))


def _lines(page: bytes, name: bytes) -> Iterator[bytes]:
    """What follows `name` on each line that begins with it."""
    needle = b"\n" + name
    start = len(name) if page.startswith(name) else _behind(page, needle, 0)
    while start >= 0:
        end = page.find(b"\n", start)
        yield page[start:] if end < 0 else page[start:end]
        start = -1 if end < 0 else _behind(page, needle, end)


def _behind(page: bytes, needle: bytes, start: int) -> int:
    at = page.find(needle, start)
    return at if at < 0 else at + len(needle)


def _number(text: bytes) -> float | None:
    words = text.split(None, 1)
    if not words:
        return None
    try:
        value = float(words[0])
    except ValueError:
        return None
    if b"_" in words[0]:  # float takes 1_0 for 10, the format does not
        return None
    return value if isfinite(value) and value >= 0.0 else None
