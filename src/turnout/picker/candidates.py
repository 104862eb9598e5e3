"""A pool's endpoints with all that does not change between two scrapes worked out: `pick` for every request."""

from collections.abc import Callable, Sequence

from turnout.endpoints import Endpoint
from turnout.picker.profile import DEFAULT, Profile
from turnout.picker.scorers import score_kv_cache, score_queue


class Candidates:
    """The ready ones of `endpoints`. `pick` here picks what `pick.pick` picks when nothing is excluded."""

    __slots__ = ("_even", "_fixed", "_ready", "_slots", "_weight", "endpoints")

    def __init__(self, endpoints: Sequence[Endpoint], profile: Profile = DEFAULT) -> None:
        self.endpoints = endpoints
        self._ready = [each for each in endpoints if each.ready]
        self._slots = [each.slot for each in self._ready]
        self._weight = profile.in_flight
        self._fixed = [
            profile.queue * queue + profile.kv_cache * kv_cache
            for queue, kv_cache in zip(score_queue(self._ready), score_kv_cache(self._ready), strict=True)
        ]
        # All alike in flight: their scores are 1, and whoever is best then is always so.
        self._even = self._best([fixed + self._weight * 1.0 for fixed in self._fixed])

    def pick(self, in_flight: Callable[[int], int], dice: Callable[[], float]) -> Endpoint | None:
        """The best endpoint; None if there is none. `in_flight` and `dice` are as for `pick.pick`."""
        winners = self._even
        counts = [in_flight(slot) for slot in self._slots]
        if counts:
            least, most = min(counts), max(counts)
            if least != most:
                width, weight = most - least, self._weight
                totals = [
                    fixed + weight * ((most - count) / width) for fixed, count in zip(self._fixed, counts, strict=True)
                ]
                winners = self._best(totals)
        if len(winners) > 1:
            return winners[int(dice() * len(winners))]
        return winners[0] if winners else None

    def _best(self, totals: list[float]) -> list[Endpoint]:
        if not totals:
            return []
        best = max(totals)
        if totals.count(best) == 1:
            return [self._ready[totals.index(best)]]
        return [each for each, total in zip(self._ready, totals, strict=True) if total == best]
