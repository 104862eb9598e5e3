"""A longer cached part of the prompt scores higher (GIE's prefix-cache-scorer)."""

from collections.abc import Mapping, Sequence

from turnout.endpoints import Endpoint


def score_prefix_cache(candidates: Sequence[Endpoint], shares: Mapping[str, float]) -> list[float]:
    """The part of the prompt that each is taken to hold; `shares` are those by address, and 0 where it has none."""
    return [shares.get(each.address, 0.0) for each in candidates]
