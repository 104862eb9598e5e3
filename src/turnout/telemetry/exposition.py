"""Prometheus' text format: families of samples to a page.

Source: Prometheus exposition formats, text format 0.0.4.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from math import isinf, isnan
from typing import Literal

from msgspec import Struct

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Labels = tuple[str, ...]


class Histogram(Struct, frozen=True):
    """`counts[i]` are the observations of bucket i alone, the last of them those above every bound; `total` their sum.

    It has one count more than bounds.
    """

    counts: tuple[int, ...]
    total: float


class Family(Struct, frozen=True):
    """A metric: its samples by the values of its `labels`, in their order. `bounds` are those of a histogram."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    meaning: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()
    samples: Mapping[Labels, float | Histogram] = {}


def render(families: Iterable[Family]) -> str:
    """The page. A family without samples is announced all the same."""
    lines: list[str] = []
    for family in families:
        lines.append(f"# HELP {family.name} {_meaning(family.meaning)}")
        lines.append(f"# TYPE {family.name} {family.kind}")
        for values, sample in sorted(family.samples.items()):
            labels = _pairs(family.labels, values)
            if isinstance(sample, Histogram):
                lines += _histogram(family, labels, sample)
            else:
                lines.append(f"{family.name}{_braced(labels)} {_number(sample)}")
    return "\n".join([*lines, ""])


def _histogram(family: Family, labels: list[str], sample: Histogram) -> list[str]:
    bounds = [*map(_number, family.bounds), "+Inf"]
    sums = list(accumulate(sample.counts))
    name, plain = family.name, _braced(labels)
    pairs = zip(bounds, sums, strict=True)
    found = [f"{name}_bucket{_braced([*labels, _pair('le', bound)])} {below}" for bound, below in pairs]
    return [*found, f"{name}_sum{plain} {_number(sample.total)}", f"{name}_count{plain} {sums[-1]}"]


def _pairs(names: Sequence[str], values: Labels) -> list[str]:
    return [_pair(name, value) for name, value in zip(names, values, strict=True)]


def _pair(name: str, value: str) -> str:
    text = value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
    return f'{name}="{text}"'


def _braced(pairs: Sequence[str]) -> str:
    return "{" + ",".join(pairs) + "}" if pairs else ""


def _meaning(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")


def _number(value: float) -> str:
    if isnan(value):
        return "NaN"
    if isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))
