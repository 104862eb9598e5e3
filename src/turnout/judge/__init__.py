"""The judge: anytime-valid tests of a candidate against stable, on counts alone. Pure maths.

Everything here is an e-process: a number that starts at 1 and, where nothing is wrong, exceeds 1/alpha at any time at
all with chance alpha at most (Ville's inequality). So it may be looked at after every event, for as long as one likes.
"""

from turnout.judge.evidence import Evidence, Tally, log_harm, log_safe, observed, restarted
from turnout.judge.interval import Interval, ratio_estimate, ratio_interval
from turnout.judge.objective import Trials, log_excess
from turnout.judge.sampling import SplitCount, log_mismatch, share_interval
from turnout.judge.verdict import Bounds, Verdict, judged

__all__ = [
    "Bounds",
    "Evidence",
    "Interval",
    "SplitCount",
    "Tally",
    "Trials",
    "Verdict",
    "judged",
    "log_excess",
    "log_harm",
    "log_mismatch",
    "log_safe",
    "observed",
    "ratio_estimate",
    "ratio_interval",
    "restarted",
    "share_interval",
]
