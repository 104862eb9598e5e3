"""Did the split do as it was told? Sample-ratio mismatch, and the observed share with its interval."""

from collections.abc import Callable, Sequence
from math import exp, lgamma, log, log1p

from msgspec import Struct

from turnout.judge.interval import Interval
from turnout.judge.mixture import log_restart_mixture

CONCENTRATION = 100.0
"""How near the intended share the alternatives lie: as if this many units had been seen at it."""


class SplitCount(Struct, frozen=True, array_like=True):
    """Units (distinct keys, or keyless requests) assigned at one intended candidate share."""

    share: float
    candidate: int
    stable: int


def log_mismatch(counts: Sequence[SplitCount], first: int = 1) -> float:
    """Log e against "each unit went to the candidate with its intended share".

    Holds: where that is true, the chance that this ever reaches log(1/alpha) is at most alpha. Each entry of `counts`
    is a stretch of time at one share, in order of time, with the Dirichlet-multinomial Bayes factor of Lindon and Malek
    ("Anytime-valid inference for multinomial count data", 2022), a martingale; entries are averaged with restart
    weights, never multiplied, since a key seen at two shares falls on related sides. Units must be distinct: a key's
    repeats are no evidence. A stratified draw strays less than a binomial one, which makes it err less, not more.
    """
    return log_restart_mixture([_log_factor(count) for count in counts], first)


def share_interval(hits: int, trials: int, error: float = 0.05) -> Interval:
    """The shares that `hits` of `trials` do not reject.

    Holds: the true share lies inside at all times together with chance 1 - `error` at least (Robbins, "Statistical
    methods related to the law of the iterated logarithm", 1970: Ville's inequality for the uniform beta-binomial
    mixture). No trials: 0 to 1.
    """
    if trials == 0:
        return Interval(0.0, 1.0)
    bar = log(1.0 / error)
    mixture = lgamma(1 + hits) + lgamma(1 + trials - hits) - lgamma(trials + 2)

    def rejected(share: float) -> bool:
        return mixture - _log_likelihood(share, hits, trials - hits) >= bar

    middle = hits / trials
    low = 0.0 if hits == 0 else _between(0.0, middle, rejected_at_left=True, rejected=rejected)
    high = 1.0 if hits == trials else _between(middle, 1.0, rejected_at_left=False, rejected=rejected)
    return Interval(low, high)


def binomial_interval(hits: int, trials: int, error: float = 0.05) -> Interval:
    """The exact (Clopper and Pearson 1934) interval of a share at one fixed number of trials."""
    low = 0.0 if hits == 0 else _root(lambda p: 1.0 - _cumulative(hits - 1, trials, p) >= error / 2)
    high = 1.0 if hits == trials else _root(lambda p: _cumulative(hits, trials, p) <= error / 2)
    return Interval(low, high)


def _log_factor(count: SplitCount) -> float:
    """The Bayes factor of Beta(S share, S (1 - share)) against the share itself. A share of 0 or 1 says nothing."""
    if not 0.0 < count.share < 1.0:
        return 0.0
    a = CONCENTRATION * count.share
    b = CONCENTRATION - a
    total = count.candidate + count.stable
    return (
        lgamma(CONCENTRATION)
        - lgamma(CONCENTRATION + total)
        + lgamma(a + count.candidate)
        - lgamma(a)
        + lgamma(b + count.stable)
        - lgamma(b)
        - _log_likelihood(count.share, count.candidate, count.stable)
    )


def _log_likelihood(share: float, hits: int, others: int) -> float:
    return (hits * log(share) if hits else 0.0) + (others * log1p(-share) if others else 0.0)


def _between(low: float, high: float, *, rejected_at_left: bool, rejected: Callable[[float], bool]) -> float:
    """Where the rejected part meets the rest; errs to the outside, so that the interval is never too short."""
    for _ in range(50):
        middle = (low + high) / 2
        if rejected(middle) is rejected_at_left:
            low = middle
        else:
            high = middle
    return low if rejected_at_left else high


def _root(holds: Callable[[float], bool]) -> float:
    """The least share in 0..1 from which on `holds` is true."""
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def _cumulative(hits: int, trials: int, share: float) -> float:
    """P(at most `hits`) of a binomial."""
    if share <= 0.0 or share >= 1.0:
        return 1.0 if share <= 0.0 or hits >= trials else 0.0
    base = lgamma(trials + 1)
    return min(
        1.0,
        sum(
            exp(base - lgamma(k + 1) - lgamma(trials - k + 1) + _log_likelihood(share, k, trials - k))
            for k in range(hits + 1)
        ),
    )
