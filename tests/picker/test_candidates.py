"""The choice worked out ahead."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from turnout.endpoints import Endpoint
from turnout.picker import Candidates, Profile, pick

LOADS = st.one_of(st.none(), st.integers(0, 9).map(float))
SHARES = st.one_of(st.none(), st.integers(0, 10).map(lambda tenths: tenths / 10))
PROFILES = st.builds(Profile, *[st.sampled_from([0.0, 1.0, 2.0, 0.3])] * 3)
ROWS = st.lists(st.tuples(st.booleans(), LOADS, SHARES, st.integers(0, 4)), max_size=8)


@given(ROWS, PROFILES, st.integers(0, 5))
def test_it_picks_what_pick_picks(
    rows: list[tuple[bool, float | None, float | None, int]], profile: Profile, seed: int
) -> None:
    endpoints = [
        Endpoint(f"ns/m{slot}", f"10.0.0.{slot}:8000", slot, ready, 1.0, waiting, 0.0, kv_usage)
        for slot, (ready, waiting, kv_usage, _) in enumerate(rows)
    ]
    counts = [each[3] for each in rows]
    candidates = Candidates(endpoints, profile)

    for _ in range(2):
        expected = pick(endpoints, counts.__getitem__, (), Random(seed).random, profile)
        assert candidates.pick(counts.__getitem__, Random(seed).random) is expected
