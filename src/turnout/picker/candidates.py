"""A pool's endpoints with all that does not change between two scrapes worked out: `pick` for every request."""

from collections.abc import Callable, Sequence

from turnout.endpoints import Endpoint
from turnout.inference import EDGES
from turnout.picker.prefix_index import PrefixMatch
from turnout.picker.profile import DEFAULT, Profile
from turnout.picker.scorers import score_kv_cache, score_queue

EXACT = 64
"""Up to so many endpoints all are scored for every request."""
NEAR = 32
"""Of more, so many of the best are, and as many of those that hold the longest part of the prompt."""
STALE = 16
"""A pool of n endpoints is ranked anew after n / STALE picks: a pick then costs the same whatever n is."""


class Candidates:
    """The ready ones of `endpoints`.

    Up to EXACT of them, `pick` here picks what `pick.pick` picks when nothing is excluded. Of more it picks the best
    of a shortlist, which is ranked anew every few picks.
    """

    __slots__ = (
        "_bits",
        "_even",
        "_fixed",
        "_flat",
        "_least",
        "_left",
        "_level",
        "_most",
        "_near",
        "_places",
        "_prefix",
        "_ready",
        "_slots",
        "_weight",
        "endpoints",
    )

    def __init__(self, endpoints: Sequence[Endpoint], profile: Profile = DEFAULT, bits: Sequence[int] = ()) -> None:
        """`bits` are those of `endpoints` in the pool's PrefixIndex; none where prompts do not count."""
        self.endpoints = endpoints
        self._ready = [each for each in endpoints if each.ready]
        self._slots = [each.slot for each in self._ready]
        self._bits = [bit for each, bit in zip(endpoints, bits, strict=False) if each.ready]
        self._places = {bit: place for place, bit in enumerate(self._bits)}
        self._weight = profile.in_flight
        self._prefix = profile.prefix_cache
        self._fixed = [
            profile.queue * queue + profile.kv_cache * kv_cache
            for queue, kv_cache in zip(score_queue(self._ready), score_kv_cache(self._ready), strict=True)
        ]
        self._flat = self._weight > 0 and len(set(self._fixed)) == 1
        # All alike in flight: their scores are 1, and whoever is best then is always so.
        self._level = [fixed + self._weight * 1.0 for fixed in self._fixed]
        self._even = self._best(self._level)
        self._near: list[int] = []
        self._left = 0
        self._least = self._most = 0

    def pick(
        self, in_flight: Callable[[int], int], dice: Callable[[], float], match: PrefixMatch | None = None
    ) -> Endpoint | None:
        """The best endpoint; None if there is none. `in_flight` and `dice` are as for `pick.pick`."""
        if len(self._ready) > EXACT:
            return self._pick_near(in_flight, dice, match)
        counts = list(map(in_flight, self._slots))
        if match is None:
            first = counts[0] if counts else 0
            if counts.count(first) == len(counts):
                return _one(self._even, dice)
            if self._flat:  # whoever has the least in flight is best
                least = min(counts)
                if counts.count(least) == 1:
                    return self._ready[counts.index(least)]
                return _one([each for each, count in zip(self._ready, counts, strict=True) if count == least], dice)
        if not counts:
            return None
        totals = self._totals(counts)
        if match is not None:
            self._credit(totals, match)
        return _one(self._best(totals), dice)

    def _totals(self, counts: list[int]) -> list[float]:
        """Each one's total, the prompt aside."""
        least, most, weight = min(counts), max(counts), self._weight
        width = most - least
        if not width:
            return self._level.copy()
        return [fixed + weight * ((most - count) / width) for fixed, count in zip(self._fixed, counts, strict=True)]

    def _credit(self, totals: list[float], match: PrefixMatch) -> None:
        """Adds to the totals what holding the prompt counts for."""
        places, prefix, seen = self._places, self._prefix, 0
        whole = EDGES[match.blocks]
        for depth, holders in match.layers:
            share = EDGES[depth] / whole
            fresh = holders & ~seen
            seen = holders  # those of a deeper layer are in every other one
            while fresh:
                low = fresh & -fresh
                place = places.get(low.bit_length() - 1)
                if place is not None:
                    totals[place] += prefix * share
                fresh ^= low

    def _pick_near(
        self, in_flight: Callable[[int], int], dice: Callable[[], float], match: PrefixMatch | None
    ) -> Endpoint | None:
        if self._left <= 0:
            self._rank(in_flight, dice)
        self._left -= 1
        places = self._near
        if match is not None:
            known = self._places
            places = list({*places, *(known[bit] for bit in match.deepest(NEAR) if bit in known)})
        slots, fixed, weight = self._slots, self._fixed, self._weight
        most, width = self._most, max(self._most - self._least, 1)
        totals = [fixed[place] + weight * (most - in_flight(slots[place])) / width for place in places]
        if match is not None:
            share, prefix, bits = match.share, self._prefix, self._bits
            totals = [total + prefix * share(bits[place]) for total, place in zip(totals, places, strict=True)]
        best = max(totals)
        winners = [self._ready[place] for place, total in zip(places, totals, strict=True) if total == best]
        return _one(winners, dice)

    def _rank(self, in_flight: Callable[[int], int], dice: Callable[[], float]) -> None:
        counts = list(map(in_flight, self._slots))
        self._least, self._most = min(counts), max(counts)
        weight, most, width = self._weight, self._most, max(self._most - self._least, 1)
        totals = [fixed + weight * (most - count) / width for fixed, count in zip(self._fixed, counts, strict=True)]
        # Of equals the first would be near each time; turned by chance, all of them come to be.
        order = sorted(range(len(totals)), key=totals.__getitem__, reverse=True)
        edge = totals[order[NEAR - 1]]
        better = [place for place in order[:NEAR] if totals[place] > edge]
        equal = [place for place in order if totals[place] == edge]
        room = NEAR - len(better)
        start = int(dice() * len(equal))
        self._near = better + (equal[start:] + equal[:start])[:room]
        self._left = len(counts) // STALE

    def _best(self, totals: list[float]) -> list[Endpoint]:
        if not totals:
            return []
        best = max(totals)
        if totals.count(best) == 1:
            return [self._ready[totals.index(best)]]
        return [each for each, total in zip(self._ready, totals, strict=True) if total == best]


def _one(winners: list[Endpoint], dice: Callable[[], float]) -> Endpoint | None:
    if len(winners) > 1:
        return winners[int(dice() * len(winners))]
    return winners[0] if winners else None
