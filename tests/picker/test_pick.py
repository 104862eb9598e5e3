"""The choice of an endpoint."""

from collections import Counter
from collections.abc import Callable
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from turnout.endpoints import Endpoint
from turnout.picker import Profile, explain, pick

LOADS = st.one_of(st.none(), st.integers(0, 20).map(float))
SHARES = st.one_of(st.none(), st.integers(0, 10).map(lambda tenths: tenths / 10))
PROFILES = st.builds(Profile, *[st.sampled_from([0.0, 1.0, 2.0])] * 3)


@st.composite
def pools(draw: st.DrawFn) -> tuple[list[Endpoint], list[int], set[str]]:
    """Endpoints, the requests in flight by slot, and the addresses that are excluded."""
    size = draw(st.integers(0, 8))
    endpoints = [
        endpoint(slot, ready=draw(st.integers(0, 4)) > 0, waiting=draw(LOADS), kv_usage=draw(SHARES))
        for slot in range(size)
    ]
    counts = draw(st.lists(st.integers(0, 5), min_size=size, max_size=size))
    excluded = draw(st.sets(st.sampled_from([each.address for each in endpoints]), max_size=2)) if size else set()
    return endpoints, counts, excluded


def endpoint(slot: int, *, ready: bool = True, waiting: float | None = 0.0, kv_usage: float | None = 0.0) -> Endpoint:
    return Endpoint(f"ns/m{slot}", f"10.0.0.{slot}:8000", slot, ready, 1.0, waiting, 0.0, kv_usage)


def first() -> float:
    return 0.0


def idle(_: int) -> int:
    return 0


def counted(*counts: int) -> Callable[[int], int]:
    return counts.__getitem__


def picked(endpoints: list[Endpoint], in_flight: Callable[[int], int] = idle, profile: Profile | None = None) -> int:
    """The slot of the winner, which needs no dice."""

    def no_dice() -> float:
        raise AssertionError("there is no tie")

    found = pick(endpoints, in_flight, (), no_dice, profile or Profile())
    assert found is not None
    return found.slot


def test_no_endpoints_is_none() -> None:
    assert pick([], idle, (), first) is None


def test_none_that_is_ready_is_none() -> None:
    assert pick([endpoint(0, ready=False)], idle, (), first) is None


def test_a_single_candidate_needs_neither_dice_nor_counters() -> None:
    def unasked(*_: object) -> float:
        raise AssertionError("there is nothing to choose")

    endpoints = [endpoint(0), endpoint(1, ready=False), endpoint(2)]
    assert pick(endpoints, lambda slot: int(unasked(slot)), {"10.0.0.2:8000"}, unasked) is endpoints[0]


def test_the_shorter_queue_wins() -> None:
    assert picked([endpoint(0, waiting=5), endpoint(1, waiting=4), endpoint(2, waiting=6)]) == 1


def test_the_emptier_kv_cache_wins() -> None:
    assert picked([endpoint(0, kv_usage=0.5), endpoint(1, kv_usage=0.6), endpoint(2, kv_usage=0.4)]) == 2


def test_fewer_requests_in_flight_win() -> None:
    assert picked([endpoint(0), endpoint(1), endpoint(2)], counted(1, 2, 0)) == 2


def test_in_flight_is_asked_for_by_slot() -> None:
    assert picked([endpoint(2), endpoint(0)], counted(0, 9, 1)) == 0


def test_weights_decide_when_scorers_disagree() -> None:
    endpoints = [endpoint(0, waiting=0, kv_usage=1.0), endpoint(1, waiting=9, kv_usage=0.0)]
    assert picked(endpoints, profile=Profile(queue=2, kv_cache=1)) == 0
    assert picked(endpoints, profile=Profile(queue=1, kv_cache=2)) == 1


def test_ties_fall_uniformly() -> None:
    dice = Random(7)
    endpoints = [endpoint(slot) for slot in range(4)] + [endpoint(4, waiting=1)]
    rolls = 8000
    found = Counter(each.slot for _ in range(rolls) if (each := pick(endpoints, idle, (), dice.random)) is not None)
    assert set(found) == {0, 1, 2, 3}
    # chi-squared with 3 degrees of freedom: above 16.27 once in a thousand seeds
    assert sum((count - rolls / 4) ** 2 / (rolls / 4) for count in found.values()) < 16.27


def test_the_highest_throw_is_still_a_candidate() -> None:
    found = pick([endpoint(0), endpoint(1)], idle, (), lambda: 1 - 2**-53)
    assert found is not None
    assert found.slot == 1


def test_a_thousand_endpoints_are_no_trouble() -> None:
    endpoints = [endpoint(slot, waiting=float(slot % 7 + 1)) for slot in range(1000)]
    endpoints[613] = replace(endpoints[613], waiting=0.0)
    assert picked(endpoints) == 613


@given(pool=pools(), seed=st.integers(0, 99))
def test_only_ready_endpoints_that_are_not_excluded_are_picked(
    pool: tuple[list[Endpoint], list[int], set[str]], seed: int
) -> None:
    endpoints, counts, excluded = pool
    candidates = [each for each in endpoints if each.ready and each.address not in excluded]
    found = pick(endpoints, counts.__getitem__, excluded, Random(seed).random)
    assert (found in candidates) if candidates else (found is None)


@given(pool=pools(), seed=st.integers(0, 99), profile=PROFILES)
@settings(max_examples=200)
def test_explain_agrees_with_pick(
    pool: tuple[list[Endpoint], list[int], set[str]], seed: int, profile: Profile
) -> None:
    endpoints, counts, excluded = pool
    found = pick(endpoints, counts.__getitem__, excluded, Random(seed).random, profile)
    decision = explain(endpoints, counts.__getitem__, excluded, Random(seed).random, profile)
    assert (decision.endpoint if decision else None) == found
    if decision is not None:
        winner = next(each for each in decision.candidates if each.endpoint == found)
        assert winner.total == max(each.total for each in decision.candidates)


@given(pool=pools(), profile=PROFILES)
def test_every_number_that_explain_gives_is_there(
    pool: tuple[list[Endpoint], list[int], set[str]], profile: Profile
) -> None:
    endpoints, counts, excluded = pool
    decision = explain(endpoints, counts.__getitem__, excluded, first, profile)
    for each in decision.candidates if decision else ():
        assert each.in_flight == counts[each.endpoint.slot]
        scores = (each.queue_score, each.kv_cache_score, each.in_flight_score)
        assert all(-1e-9 <= score <= 1 + 1e-9 for score in scores)
        weighted = zip(scores, (profile.queue, profile.kv_cache, profile.in_flight), strict=True)
        assert abs(each.total - sum(score * weight for score, weight in weighted)) < 1e-9


@given(pool=pools(), order=st.randoms(use_true_random=False))
def test_the_order_of_the_endpoints_does_not_matter(
    pool: tuple[list[Endpoint], list[int], set[str]], order: Random
) -> None:
    endpoints, counts, excluded = pool

    def totals(listed: list[Endpoint]) -> dict[str, float]:
        decision = explain(listed, counts.__getitem__, excluded, first)
        return {each.endpoint.address: each.total for each in decision.candidates} if decision else {}

    shuffled = order.sample(endpoints, len(endpoints))
    assert totals(shuffled) == totals(endpoints)


@given(pool=pools(), order=st.randoms(use_true_random=False))
def test_the_order_does_not_matter_to_the_winner_where_there_is_no_tie(
    pool: tuple[list[Endpoint], list[int], set[str]], order: Random
) -> None:
    endpoints, counts, excluded = pool
    decision = explain(endpoints, counts.__getitem__, excluded, first)
    totals = [each.total for each in decision.candidates] if decision else []
    if totals.count(max(totals, default=0.0)) == 1:
        shuffled = order.sample(endpoints, len(endpoints))
        assert pick(shuffled, counts.__getitem__, excluded, first) == pick(
            endpoints, counts.__getitem__, excluded, first
        )


@given(pool=pools())
def test_an_endpoint_whose_metrics_are_unknown_is_neither_best_nor_worst_for_it(
    pool: tuple[list[Endpoint], list[int], set[str]],
) -> None:
    endpoints, _, _ = pool
    known = [replace(each, ready=True) for each in endpoints if each.waiting is not None and each.kv_usage is not None]
    unknown = endpoint(8, waiting=None, kv_usage=None)
    decision = explain([*known, unknown], idle, (), first)
    assert decision is not None
    totals = {each.endpoint.slot: each.total for each in decision.candidates}
    others = [total for slot, total in totals.items() if slot != 8]
    if others:
        assert min(others) - 1e-9 <= totals[8] <= max(others) + 1e-9
