"""The choice worked out ahead."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from turnout.endpoints import Endpoint
from turnout.picker import Candidates, PrefixIndex, Profile, pick

LOADS = st.one_of(st.none(), st.integers(0, 9).map(float))
SHARES = st.one_of(st.none(), st.integers(0, 10).map(lambda tenths: tenths / 10))
PROFILES = st.builds(Profile, *[st.sampled_from([0.0, 1.0, 2.0, 0.3])] * 4)
PROMPT = [11, 12, 13, 14]
ROWS = st.lists(st.tuples(st.booleans(), LOADS, SHARES, st.integers(0, 4)), max_size=8)


@given(ROWS, PROFILES, st.lists(st.tuples(st.integers(0, 7), st.integers(1, 4)), max_size=5), st.integers(0, 5))
def test_it_picks_what_pick_picks(
    rows: list[tuple[bool, float | None, float | None, int]],
    profile: Profile,
    sent: list[tuple[int, int]],
    seed: int,
) -> None:
    endpoints = [
        Endpoint(f"ns/m{slot}", f"10.0.0.{slot}:8000", slot, ready, 1.0, waiting, 0.0, kv_usage)
        for slot, (ready, waiting, kv_usage, _) in enumerate(rows)
    ]
    counts = [each[3] for each in rows]
    index = PrefixIndex()
    candidates = Candidates(endpoints, profile, index.admit([each.address for each in endpoints]))
    for slot, depth in sent:
        index.add(PROMPT[:depth], f"10.0.0.{slot}:8000")

    for _ in range(2):
        expected = pick(endpoints, counts.__getitem__, (), Random(seed).random, profile, index.shares(PROMPT))
        assert candidates.pick(counts.__getitem__, Random(seed).random, index.match(PROMPT)) is expected


def large(size: int) -> list[Endpoint]:
    return [Endpoint(f"ns/m{slot}", f"10.0.0.1:{slot}", slot, True, 1.0, 0.0, 0.0, 0.0) for slot in range(size)]


def test_a_large_pool_is_loaded_evenly() -> None:
    size = 500
    candidates = Candidates(large(size))
    counts = [0] * size
    dice = Random(5)
    for _ in range(4 * size):
        found = candidates.pick(counts.__getitem__, dice.random)
        assert found is not None
        counts[found.slot] += 1

    assert max(counts) <= 6
    assert min(counts) >= 2


def test_a_large_pools_one_idle_endpoint_is_found() -> None:
    size = 300
    counts = [3] * size
    counts[217] = 0
    found = Candidates(large(size)).pick(counts.__getitem__, Random(1).random)

    assert found is not None
    assert found.slot == 217


def test_a_large_pools_holder_of_the_prompt_is_found_however_many_are_idle() -> None:
    endpoints = large(400)
    index = PrefixIndex()
    candidates = Candidates(endpoints, bits=index.admit([each.address for each in endpoints]))
    index.add(PROMPT, endpoints[333].address)
    counts = [0] * 400
    found = candidates.pick(counts.__getitem__, Random(1).random, index.match(PROMPT))

    assert found is endpoints[333]
