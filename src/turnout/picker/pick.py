"""Pick the endpoint with the highest score; ties by dice."""

from collections.abc import Callable, Container, Mapping, Sequence
from types import MappingProxyType

from msgspec import Struct

from turnout.endpoints import Endpoint
from turnout.picker.profile import DEFAULT, Profile
from turnout.picker.scorers import score_in_flight, score_kv_cache, score_prefix_cache, score_queue

NOTHING: Mapping[str, float] = MappingProxyType({})
"""No endpoint is known to hold any part of the prompt."""


class Scored(Struct, frozen=True):
    """A candidate and the numbers behind its total. Scores are 0 to 1, the total is weighted by the profile."""

    endpoint: Endpoint
    in_flight: int
    queue_score: float
    kv_cache_score: float
    in_flight_score: float
    prefix_cache_score: float
    total: float


class Decision(Struct, frozen=True):
    """The endpoint that was picked, and every candidate with its scores, best first."""

    endpoint: Endpoint
    candidates: tuple[Scored, ...]


def pick(
    endpoints: Sequence[Endpoint],
    in_flight: Callable[[int], int],
    exclude: Container[str],
    dice: Callable[[], float],
    profile: Profile = DEFAULT,
    shares: Mapping[str, float] = NOTHING,
) -> Endpoint | None:
    """The best ready endpoint whose address is not in `exclude`; None if there is none.

    `in_flight` gives the requests in flight of an endpoint's slot; `dice` a number in [0, 1), asked only for ties.
    `shares` is the part of the prompt, 0 to 1, that is cached at an address; those that hold nothing may be left out.
    """
    candidates = [each for each in endpoints if each.ready and each.address not in exclude]
    if len(candidates) < 2:
        return candidates[0] if candidates else None
    totals = _totals(candidates, [in_flight(each.slot) for each in candidates], profile, shares)
    best = max(totals)
    winners = [each for each, total in zip(candidates, totals, strict=True) if total == best]
    return winners[int(dice() * len(winners))] if len(winners) > 1 else winners[0]


def explain(
    endpoints: Sequence[Endpoint],
    in_flight: Callable[[int], int],
    exclude: Container[str],
    dice: Callable[[], float],
    profile: Profile = DEFAULT,
    shares: Mapping[str, float] = NOTHING,
) -> Decision | None:
    """What `pick` picks from the same arguments, with all numbers."""
    picked = pick(endpoints, in_flight, exclude, dice, profile, shares)
    if picked is None:
        return None
    candidates = [each for each in endpoints if each.ready and each.address not in exclude]
    counts = [in_flight(each.slot) for each in candidates]
    columns = (
        score_queue(candidates),
        score_kv_cache(candidates),
        score_in_flight(counts),
        score_prefix_cache(candidates, shares),
    )
    totals = _totals(candidates, counts, profile, shares)
    scored = [Scored(*row) for row in zip(candidates, counts, *columns, totals, strict=True)]
    return Decision(picked, tuple(sorted(scored, key=lambda each: (-each.total, each.endpoint.address))))


def _totals(
    candidates: Sequence[Endpoint], counts: Sequence[int], profile: Profile, shares: Mapping[str, float]
) -> list[float]:
    totals = [
        profile.queue * queue + profile.kv_cache * kv_cache + profile.in_flight * in_flight
        for queue, kv_cache, in_flight in zip(
            score_queue(candidates), score_kv_cache(candidates), score_in_flight(counts), strict=True
        )
    ]
    if not shares:
        return totals
    cached = score_prefix_cache(candidates, shares)
    return [total + profile.prefix_cache * score for total, score in zip(totals, cached, strict=True)]
