"""More free KV cache scores higher (GIE's kv-cache-utilization-scorer)."""

from collections.abc import Sequence
from math import fsum

from turnout.endpoints import Endpoint


def score_kv_cache(candidates: Sequence[Endpoint]) -> list[float]:
    """1 - usage for each. An unknown usage scores the mean."""
    known = [1.0 - each.kv_usage for each in candidates if each.kv_usage is not None]
    if len(known) == len(candidates):
        return known
    # A plain sum depends on the candidates' order in its last bit, and a tie on that bit.
    mean = fsum(known) / len(known) if known else 1.0
    return [mean if each.kv_usage is None else 1.0 - each.kv_usage for each in candidates]
