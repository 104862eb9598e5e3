"""The keys with the most requests, in little space (Misra and Gries, "Finding repeated elements", 1982)."""

from collections.abc import Iterator

PLACES = 64
NAME = 64
"""Characters of a key that are kept."""
TOLD = 0.02
"""Share of all requests from which on a key is told of."""


class Heaviest:
    """Counts keys. One with more than 1 in PLACES of all requests always has a place."""

    __slots__ = ("_estimates", "_total", "_untold")

    def __init__(self) -> None:
        self._total = 0
        self._estimates: dict[str, int] = {}
        self._untold: dict[str, int] = {}

    def add(self, key: str) -> None:
        """One request; an empty key is that of a request without one."""
        self._total += 1
        if not key:
            return
        key = key[:NAME]
        estimates = self._estimates
        if key in estimates:
            estimates[key] += 1
            self._untold[key] += 1
        elif len(estimates) < PLACES:
            estimates[key] = self._untold[key] = 1
        else:
            self._estimates = {each: count - 1 for each, count in estimates.items() if count > 1}
            self._untold = {each: self._untold[each] for each in self._estimates}

    def take(self) -> Iterator[tuple[str, int]]:
        """Each heavy key with its requests since it was last taken. Never more than it had in all."""
        least = TOLD * self._total
        for key, estimate in self._estimates.items():
            if estimate >= least and self._untold[key]:
                yield key, self._untold[key]
                self._untold[key] = 0
