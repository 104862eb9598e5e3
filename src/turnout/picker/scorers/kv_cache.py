"""More free KV cache scores higher (GIE's kv-cache-utilization-scorer)."""

from collections.abc import Sequence

from turnout.endpoints import Endpoint
from turnout.picker.scorers.spread import NEUTRAL


def score_kv_cache(candidates: Sequence[Endpoint]) -> list[float]:
    """1 - usage."""
    return [NEUTRAL if each.kv_usage is None else 1.0 - min(max(each.kv_usage, 0.0), 1.0) for each in candidates]
