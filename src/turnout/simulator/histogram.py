"""Counts of observed values below rising bounds, as Prometheus has them."""

from bisect import bisect_left
from collections.abc import Sequence


class Histogram:
    """`counts[i]` observations lie in (bounds[i-1], bounds[i]]; the last of `counts` is above every bound."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(self.bounds) + 1)
        self.total = 0.0

    def observe(self, value: float, times: int = 1) -> None:
        """Adds `times` observations of `value`."""
        self.counts[bisect_left(self.bounds, value)] += times
        self.total += value * times
