"""Weighted means of e-values, in logarithms. A mean of e-processes with weights of at most 1 in all is an e-process."""

from collections.abc import Sequence
from math import exp, log, pi

MOST_RUNS = 64
"""Runs of a restart mixture: past this many the last one goes on."""


def restart_weight(run: int) -> float:
    """The weight of run `run` (from 1): 6 / (pi^2 run^2). All of them, without end, sum to 1."""
    return 6.0 / (pi * run) ** 2


def log_sum(logs: Sequence[float]) -> float:
    """Log of the sum of exp of each; -inf for none."""
    top = max(logs, default=float("-inf"))
    if top in (float("-inf"), float("inf")):
        return top
    return top + log(sum(exp(one - top) for one in logs))


def log_restart_mixture(runs: Sequence[float], first: int = 1) -> float:
    """The log of the mixture of runs number `first`, `first` + 1, ..., given each one's log e-value.

    Runs that have not begun are constant 1; runs before `first` were given up and count nothing. Holds: an e-process
    whenever each run is one, at whatever time the runs begin (Shin, Ramdas and Rinaldo, "E-detectors", 2022, use the
    same weights-sum-to-one argument).
    """
    terms = [log(restart_weight(first + place)) + run for place, run in enumerate(runs)]
    rest = 1.0 - sum(restart_weight(run) for run in range(1, first + len(runs)))
    if rest > 1e-12:
        terms.append(log(rest))
    return log_sum(terms)
