"""Fewer waiting requests score higher (GIE's queue-scorer)."""

from collections.abc import Sequence

from turnout.endpoints import Endpoint
from turnout.picker.scorers.spread import score_spread


def score_queue(candidates: Sequence[Endpoint]) -> list[float]:
    """By place between the shortest and the longest queue."""
    return score_spread([each.waiting for each in candidates])
