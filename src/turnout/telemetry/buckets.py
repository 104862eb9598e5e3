"""Histograms that workers fill and the controller adds up: fixed bounds, sparse counts."""

from bisect import bisect_left

DURATION = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
"""Seconds of a whole request."""
TTFT = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Seconds to the first token."""
TPOT = (0.0025, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0)
"""Seconds per output token."""
LAG = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Seconds that an event loop was late."""


def place(bounds: tuple[float, ...], value: float) -> int:
    """The bucket of a value: the first whose bound it does not pass, `len(bounds)` when it passes all."""
    return bisect_left(bounds, value)


class Spread:
    """Observations of one kind, until they are told. `full` are the counts of all buckets, `total` is their sum."""

    __slots__ = ("bounds", "full", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.full = [0] * (len(bounds) + 1)
        self.total = 0.0

    @property
    def counts(self) -> dict[int, int]:
        """The counts of the buckets that have any."""
        return {at: count for at, count in enumerate(self.full) if count}

    def add(self, value: float) -> None:
        """Counts one observation."""
        self.full[bisect_left(self.bounds, value)] += 1
        self.total += value

    def merge(self, counts: dict[int, int], total: float) -> None:
        """Counts the observations of another spread. What lies outside its buckets is the last one's."""
        last = len(self.bounds)
        for at, number in counts.items():
            kept = min(at, last)
            self.full[kept] += number
        self.total += total
