"""Fewer requests in flight from this gateway score higher: known at once, where scraped numbers are a scrape old."""

from collections.abc import Sequence

from turnout.picker.scorers.spread import score_spread


def score_in_flight(counts: Sequence[int]) -> list[float]:
    """By place between the fewest and the most requests in flight."""
    return score_spread(counts)
