"""Scores by place between the least and the most loaded candidate."""

from collections.abc import Sequence
from math import fsum


def score_spread(loads: Sequence[float | None]) -> list[float]:
    """(most - load) / (most - least) for each; all 1 when the loads are equal. An unknown load scores the mean."""
    known = [load for load in loads if load is not None]
    if not known:
        return [1.0] * len(loads)
    least, most = min(known), max(known)
    if least == most:
        return [1.0] * len(loads)
    width = most - least
    scores = [(most - load) / width for load in known]
    if len(known) == len(loads):
        return scores
    # A plain sum depends on the candidates' order in its last bit, and a tie on that bit. Of loads it could overflow.
    mean = fsum(scores) / len(scores)
    return [mean if load is None else (most - load) / width for load in loads]
