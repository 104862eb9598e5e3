from math import exp, log
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnout.judge import SplitCount, log_mismatch, share_interval
from turnout.judge.sampling import binomial_interval

cells = st.lists(
    st.builds(SplitCount, st.sampled_from([0.1, 0.5, 1.0]), st.integers(0, 90), st.integers(0, 90)), max_size=3
)


@given(cells, st.sampled_from([0.01, 0.1, 0.5]), st.integers(0, 50), st.integers(0, 50))
def test_the_next_unit_leaves_the_e_value_where_it_is_on_average(
    before: list[SplitCount], share: float, candidate: int, stable: int
) -> None:
    now = log_mismatch([*before, SplitCount(share, candidate, stable)])

    def growth(hits: int, others: int) -> float:
        return exp(log_mismatch([*before, SplitCount(share, hits, others)]) - now)

    after = share * growth(candidate + 1, stable) + (1 - share) * growth(candidate, stable + 1)
    assert after == pytest.approx(1, rel=1e-9)


def test_a_tenth_that_gets_a_fifth_is_found() -> None:
    assert log_mismatch([SplitCount(0.1, 100, 400)]) > log(100)


def test_an_exact_split_is_not_suspected() -> None:
    assert log_mismatch([SplitCount(0.1, 1000, 9000), SplitCount(0.5, 5000, 5000)]) < 0


def test_a_mismatch_in_one_step_alone_is_found() -> None:
    assert log_mismatch([SplitCount(0.1, 100, 900), SplitCount(0.25, 500, 500)]) > log(100)


def test_all_of_the_traffic_says_nothing() -> None:
    assert log_mismatch([SplitCount(1.0, 500, 0)]) == pytest.approx(0)


@given(st.integers(0, 300), st.integers(0, 300))
def test_the_share_lies_in_its_interval(hits: int, others: int) -> None:
    interval = share_interval(hits, hits + others)
    assert 0 <= interval.low <= interval.high <= 1
    if hits + others:
        assert interval.low <= hits / (hits + others) <= interval.high


def test_the_true_share_is_inside_at_all_looks_as_often_as_is_promised() -> None:
    dice = Random(5)
    left = 0
    for _ in range(150):
        hits = 0
        for trial in range(1, 151):
            hits += dice.random() < 0.2
            interval = share_interval(hits, trial, 0.1) if trial % 5 == 0 else None
            if interval is not None and not interval.low <= 0.2 <= interval.high:
                left += 1
                break
    assert binomial_interval(left, 150, 0.01).low <= 0.1


def test_the_binomial_interval_is_clopper_and_pearsons() -> None:
    interval = binomial_interval(4, 2000)
    assert interval.low == pytest.approx(0.000545, abs=1e-5)
    assert interval.high == pytest.approx(0.005113, abs=1e-5)
    assert binomial_interval(0, 10).low == 0
    assert binomial_interval(10, 10).high == 1
