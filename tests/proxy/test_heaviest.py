"""The busiest keys."""

from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from turnout.proxy.heaviest import NAME, PLACES, Heaviest


@given(st.lists(st.integers(0, 300), max_size=600), st.integers(1, 5))
def test_no_key_is_told_more_than_it_had(keys: list[int], every: int) -> None:
    heaviest = Heaviest()
    told: Counter[str] = Counter()
    for number, key in enumerate(keys):
        heaviest.add(str(key))
        if number % every == 0:
            told.update(dict(heaviest.take()))
    told.update(dict(heaviest.take()))

    true = Counter(map(str, keys))
    assert all(count <= true[key] for key, count in told.items())


@given(st.integers(0, 1000))
def test_a_key_of_a_tenth_of_all_is_found_among_any_number_of_others(seed: int) -> None:
    heaviest = Heaviest()
    keys = ["heavy"] * 200 + [f"k{number}" for number in range(1800)]
    Random(seed).shuffle(keys)
    for key in keys:
        heaviest.add(key)

    assert dict(heaviest.take())["heavy"] >= 200 - 2000 // (PLACES + 1)


def test_requests_without_a_key_make_the_others_lighter() -> None:
    heaviest = Heaviest()
    heaviest.add("k")
    for _ in range(100):
        heaviest.add("")

    assert list(heaviest.take()) == []


def test_a_key_is_told_since_it_was_last_told() -> None:
    heaviest = Heaviest()
    heaviest.add("k")
    heaviest.add("k")

    assert list(heaviest.take()) == [("k", 2)]
    assert list(heaviest.take()) == []


def test_a_long_key_is_shortened() -> None:
    heaviest = Heaviest()
    heaviest.add("k" * 1000)

    assert list(heaviest.take()) == [("k" * NAME, 1)]
