"""Emptier KV caches score higher."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnout.endpoints import Endpoint
from turnout.picker.scorers.kv_cache import score_kv_cache


def candidates(*usages: float | None) -> list[Endpoint]:
    return [Endpoint("n", "a", 0, True, 1.0, 3.0, 3.0, usage) for usage in usages]


def test_the_score_is_what_is_free() -> None:
    assert score_kv_cache(candidates(0.0, 0.25, 1.0)) == [1.0, 0.75, 0.0]


def test_an_unknown_usage_scores_the_mean_of_the_known() -> None:
    assert score_kv_cache(candidates(0.9, None, 0.7)) == pytest.approx([0.1, 0.2, 0.3])


def test_unknown_usages_all_score_1() -> None:
    assert score_kv_cache(candidates(None, None)) == [1.0, 1.0]


@given(usages=st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=9), order=st.randoms(use_true_random=False))
def test_a_score_does_not_depend_on_the_order_to_the_last_bit(usages: list[float | None], order: Random) -> None:
    places = order.sample(range(len(usages)), len(usages))
    scores = score_kv_cache(candidates(*usages))
    assert score_kv_cache(candidates(*[usages[place] for place in places])) == [scores[place] for place in places]
