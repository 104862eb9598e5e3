"""Scores by place between the least and the most loaded candidate."""

from collections.abc import Sequence

NEUTRAL = 0.5


def score_spread(loads: Sequence[float | None]) -> list[float]:
    """(max - load) / (max - min) for each; all 1 when the known loads are equal; NEUTRAL for an unknown one."""
    known = [load for load in loads if load is not None]
    if not known:
        return [NEUTRAL] * len(loads)
    least, most = min(known), max(known)
    if least == most:
        even = 1.0 if len(known) == len(loads) else NEUTRAL
        return [even] * len(loads)
    width = most - least
    return [NEUTRAL if load is None else (most - load) / width for load in loads]
