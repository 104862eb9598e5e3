"""Two bounds on one metric: harm, and safety."""

from math import log

from msgspec import Struct

from turnout.judge.evidence import Evidence, log_harm, log_safe
from turnout.judge.interval import Interval, ratio_estimate, ratio_interval


class Bounds(Struct, frozen=True):
    """What a metric is held to.

    `tolerance` is the risk ratio that is still no harm (1.1: ten percent more misses); `alpha` the chance of calling
    harm where there is none; `margin` the ratio that safety rules out; `beta` the chance of ruling it out wrongly.
    """

    tolerance: float = 1.0
    alpha: float = 0.01
    margin: float = 2.0
    beta: float = 0.05


class Verdict(Struct, frozen=True):
    """What the evidence says, with the numbers behind it. Both `harmful` and `safe` may be false: not known yet."""

    harmful: bool
    safe: bool
    log_harm: float
    log_safe: float
    ratio: float | None
    interval: Interval


def judged(evidence: Evidence, bounds: Bounds) -> Verdict:
    """The verdict on one metric, valid at any time (Ville's inequality).

    Of k gating metrics each gets `alpha` / k: then all together call harm wrongly with chance alpha at most, however
    they hang together (union bound).
    """
    harm = log_harm(evidence, bounds.tolerance)
    safe = log_safe(evidence, bounds.margin)
    return Verdict(
        harmful=harm >= log(1.0 / bounds.alpha),
        safe=safe >= log(1.0 / bounds.beta),
        log_harm=harm,
        log_safe=safe,
        ratio=ratio_estimate(evidence),
        interval=ratio_interval(evidence),
    )
