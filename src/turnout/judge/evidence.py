"""Is the candidate worse? The conditional e-process on miss events.

Given that a request missed, and before its arm is looked at, it is the candidate's with chance rho, the candidate's
share when the arm was drawn. With risk ratio theta = p_candidate / p_stable that chance becomes
q(theta) = rho theta / (1 - rho + rho theta). So only misses are needed, base rates drop out, and rho may change from
event to event: ramps, drift and strata cost nothing.
"""

from collections.abc import Iterable
from math import log

from msgspec import Struct

from turnout.judge.mixture import MOST_RUNS, log_restart_mixture, log_sum

GRID = (1.25, 1.5, 2.0, 3.0, 5.0, 8.0, 16.0)
"""Risk ratios of the mixture, as multiples of what is tolerated."""


class Tally(Struct, frozen=True, array_like=True):
    """Misses whose arm was drawn at one share: how many fell on each arm.

    `share` is rho, the candidate's share in 0..1, fixed before the arm was drawn.
    """

    share: float
    candidate: int
    stable: int


class Evidence(Struct, frozen=True, omit_defaults=True):
    """All that was seen of one metric's misses: one tuple of tallies per run, the present run last.

    Counts are sufficient: the e-value does not depend on the order within a run. `first` is the number of the first
    run that is kept (from 1): earlier ones were given up, and their weight with them.
    """

    runs: tuple[tuple[Tally, ...], ...] = ((),)
    first: int = 1


def observed(evidence: Evidence, misses: Iterable[Tally]) -> Evidence:
    """The evidence with `misses` added to its present run; cheap for any number of misses at once.

    Holds if each miss is of another unit (key or stretch) than all before it, and its share was fixed before its arm.
    """
    found = {tally.share: (tally.candidate, tally.stable) for tally in evidence.runs[-1]}
    for miss in misses:
        candidate, stable = found.get(miss.share, (0, 0))
        found[miss.share] = (candidate + miss.candidate, stable + miss.stable)
    present = tuple(Tally(share, *counts) for share, counts in sorted(found.items()))
    return Evidence((*evidence.runs[:-1], present), evidence.first)


def restarted(evidence: Evidence, *, forget: bool = False) -> Evidence:
    """The evidence with a new run begun at e = 1, so that a late failure is not hidden by a clean past.

    `forget` gives up the runs so far: theirs is no evidence any more, and the units counted in them may count again.
    The union of all runs still errs with chance alpha at most, since their weights sum to 1.
    """
    if forget:
        return Evidence(((),), evidence.first + len(evidence.runs))
    if not evidence.runs[-1] or len(evidence.runs) >= MOST_RUNS:
        return evidence
    return Evidence((*evidence.runs, ()), evidence.first)


def log_harm(evidence: Evidence, tolerance: float = 1.0) -> float:
    """Log e against "the candidate's risk is at most `tolerance` times stable's".

    Holds: where that is true of every miss (given the past), the chance that this ever reaches log(1/alpha) is at most
    alpha: each factor's mean is linear and increasing in the candidate's chance and 1 at q(tolerance), so the product
    is a supermartingale (Ville 1939; Lindon and Malek, "Anytime-valid inference for multinomial count data", 2022;
    Turner, Ly and Grünwald, "Generic E-variables", 2024). Mixture over `GRID`, and over the runs.
    """
    gains = [0.0] * len(GRID)
    runs: list[float] = []
    for run in reversed(evidence.runs):
        for place, multiple in enumerate(GRID):
            gains[place] += log_ratio(run, tolerance * multiple, tolerance)
        runs.append(log_sum(gains) - log(len(GRID)))
    return log_restart_mixture(runs[::-1], evidence.first)


def log_safe(evidence: Evidence, margin: float = 2.0) -> float:
    """Log e against "the candidate's risk is `margin` times stable's or worse": roles swapped, all kept runs together.

    Holds: where that is true of every miss, the chance that this ever reaches log(1/beta) is at most beta (as
    `log_harm`, mirrored). Reaching it rejects that the candidate was that bad throughout; it says nothing of a change
    since, which is what `log_harm` watches.
    """
    tallies = pooled(evidence)
    gains = [log_ratio(tallies, margin / multiple, margin) for multiple in GRID]
    return log_sum(gains) - log(len(GRID))


def pooled(evidence: Evidence) -> tuple[Tally, ...]:
    """The tallies of all kept runs, those that say nothing (share 0 or 1) left out."""
    return tuple(tally for run in evidence.runs for tally in run if 0.0 < tally.share < 1.0)


def log_ratio(tallies: Iterable[Tally], theta: float, null: float) -> float:
    """Log of the likelihood of risk ratio `theta` over that of `null`. A share of 0 or 1 says nothing."""
    total = 0.0
    for tally in tallies:
        rho = tally.share
        if not 0.0 < rho < 1.0:
            continue
        # q(t) = rho t / (1 - rho + rho t): the denominators are common to both outcomes.
        total += tally.candidate * log(theta / null)
        total -= (tally.candidate + tally.stable) * log((1.0 - rho + rho * theta) / (1.0 - rho + rho * null))
    return total
