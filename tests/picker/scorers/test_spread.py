"""Scores by place between the least and the most loaded."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnout.picker.scorers.spread import score_spread

LOADS = st.lists(st.floats(0, 1e9), min_size=1, max_size=9)


def test_the_least_loaded_scores_1_and_the_most_loaded_0() -> None:
    assert score_spread([4, 0, 1]) == [0.0, 1.0, 0.75]


def test_equal_loads_all_score_1() -> None:
    assert score_spread([3, 3]) == [1.0, 1.0]


def test_unknown_loads_all_score_1() -> None:
    assert score_spread([None, None]) == [1.0, 1.0]


def test_an_unknown_load_among_equal_ones_scores_as_they_do() -> None:
    assert score_spread([3, None, 3]) == [1.0, 1.0, 1.0]


def test_an_unknown_load_scores_the_mean_of_the_known() -> None:
    assert score_spread([0, None, 4, 4]) == pytest.approx([1.0, 1 / 3, 0.0, 0.0])


def test_loads_too_large_to_add_up_are_scored() -> None:
    assert score_spread([1.5e308, None, 1e308, 0.5e308]) == pytest.approx([0.0, 0.5, 0.5, 1.0])


@given(loads=st.lists(st.one_of(st.none(), st.floats(0, 1e9)), max_size=9), order=st.randoms(use_true_random=False))
def test_a_score_does_not_depend_on_the_order_to_the_last_bit(loads: list[float | None], order: Random) -> None:
    places = order.sample(range(len(loads)), len(loads))
    scores = score_spread(loads)
    assert score_spread([loads[place] for place in places]) == [scores[place] for place in places]


def test_nobody_scores_nothing() -> None:
    assert score_spread([]) == []


@given(loads=LOADS)
def test_more_load_never_scores_higher(loads: list[float]) -> None:
    scores = score_spread(loads)
    assert all(0.0 <= score <= 1.0 for score in scores)
    assert all(
        a >= b
        for load, a in zip(loads, scores, strict=True)
        for more, b in zip(loads, scores, strict=True)
        if load <= more
    )
