"""Is an arm bad in itself? One arm's miss rate against a stated limit."""

from collections.abc import Sequence
from math import log

from msgspec import Struct

from turnout.judge.mixture import log_restart_mixture, log_sum

ODDS = (1.25, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0)
"""Alternatives of the mixture, as multiples of the limit's odds."""


class Trials(Struct, frozen=True, array_like=True):
    """One arm's requests that a metric could judge, and those among them that missed: one run's."""

    requests: int = 0
    misses: int = 0

    def plus(self, other: "Trials") -> "Trials":
        """Both together."""
        return Trials(self.requests + other.requests, self.misses + other.misses)


def log_excess(runs: Sequence[Trials], limit: float, first: int = 1) -> float:
    """Log e against "given all before it, no request missed with a chance above `limit`"; 0 < limit < 1.

    Holds: where that is true, the chance that this ever reaches log(1/alpha) is at most alpha: each factor is a bet
    on a bounded variable (Ville's inequality; Waudby-Smith and Ramdas, "Estimating means of bounded random variables
    by betting", 2024). Mixture over `ODDS`, and over the runs (numbered from `first`), so that an outage after a long
    clean time shows. Errors in clusters are not independent of the past: they count here as often as they occur.
    """
    gains = [0.0] * len(ODDS)
    logs: list[float] = []
    for run in reversed(runs):
        for place, multiple in enumerate(ODDS):
            rate = multiple * limit / (1.0 - limit + multiple * limit)
            gains[place] += run.misses * log(rate / limit)
            gains[place] += (run.requests - run.misses) * log((1.0 - rate) / (1.0 - limit))
        logs.append(log_sum(gains) - log(len(ODDS)))
    return log_restart_mixture(logs[::-1], first)
