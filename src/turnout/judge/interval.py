"""How much worse? The risk ratio with an interval that holds at every time at once."""

from collections.abc import Callable
from math import exp, log

from msgspec import Struct

from turnout.judge.evidence import GRID, Evidence, Tally, log_ratio, pooled
from turnout.judge.mixture import log_sum

WIDEST = log(1e6)
"""Log of the largest risk ratio that is told apart from infinity."""


class Interval(Struct, frozen=True, array_like=True):
    """`low` <= the quantity <= `high`; inf is no bound."""

    low: float
    high: float


def ratio_interval(evidence: Evidence, error: float = 0.05) -> Interval:
    """The risk ratios that the evidence does not reject.

    Holds: a constant risk ratio lies inside at all times together with chance 1 - `error` at least: each bound inverts
    an e-process (Ville's inequality) at error / 2. Both e-processes are monotone in the ratio tested, so the
    set is an interval and bisection finds its ends. No runs: it is one ratio for all that is kept.
    """
    tallies = pooled(evidence)
    bar = log(2.0 / error)
    low = edge(lambda at: _log_mean(tallies, exp(at), up=True) >= bar)
    high = edge(lambda at: _log_mean(tallies, exp(at), up=False) < bar)
    return Interval(
        0.0 if low <= -WIDEST else exp(low),
        float("inf") if high >= WIDEST else exp(high),
    )


def ratio_estimate(evidence: Evidence) -> float | None:
    """The risk ratio of greatest likelihood; None without misses that could tell, inf if stable has none."""
    tallies = pooled(evidence)
    candidate = sum(tally.candidate for tally in tallies)
    stable = sum(tally.stable for tally in tallies)
    if candidate + stable == 0:
        return None
    if stable == 0:
        return float("inf")
    if candidate == 0:
        return 0.0
    return exp(edge(lambda at: _expected(tallies, exp(at)) < candidate))


def edge(holds: Callable[[float], bool]) -> float:
    """Where `holds`, true up to some log ratio and false from there on, changes; the range's end where it does not."""
    low, high = -WIDEST, WIDEST
    if not holds(low):
        return low
    if holds(high):
        return high
    for _ in range(48):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return (low + high) / 2


def _log_mean(tallies: tuple[Tally, ...], theta: float, *, up: bool) -> float:
    gains = [log_ratio(tallies, theta * multiple if up else theta / multiple, theta) for multiple in GRID]
    return log_sum(gains) - log(len(GRID))


def _expected(tallies: tuple[Tally, ...], theta: float) -> float:
    """The candidate's expected misses among those seen, at risk ratio `theta`."""
    return sum(
        (one.candidate + one.stable) * one.share * theta / (1.0 - one.share + one.share * theta) for one in tallies
    )
