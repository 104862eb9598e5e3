"""Medians, their spread, and ratios round by round."""

from collections.abc import Sequence
from statistics import median


def summary(values: Sequence[float]) -> dict[str, float]:
    """Median, least and most."""
    return {"median": median(values), "least": min(values), "most": max(values)}


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> dict[str, float]:
    """Ours over theirs, of each round that both have: what a noisy machine does to one it does to both."""
    return summary([mine / other for mine, other in zip(ours, theirs, strict=False)])
