from math import inf
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnout.judge import Evidence, Tally, observed, ratio_estimate, ratio_interval
from turnout.judge.sampling import binomial_interval

tallies = st.lists(
    st.builds(Tally, st.sampled_from([0.1, 0.25, 0.5]), st.integers(0, 60), st.integers(0, 60)), max_size=3
)


@given(tallies)
def test_the_estimate_lies_in_the_interval(found: list[Tally]) -> None:
    evidence = observed(Evidence(), found)
    ratio, interval = ratio_estimate(evidence), ratio_interval(evidence)
    assert interval.low <= interval.high
    if ratio is not None:
        assert interval.low <= ratio * (1 + 1e-6)
        assert ratio <= interval.high * (1 + 1e-6)


def test_nothing_seen_says_nothing() -> None:
    assert ratio_estimate(Evidence()) is None
    assert ratio_interval(Evidence()) == ratio_interval(observed(Evidence(), [Tally(1.0, 9, 0)]))
    assert (ratio_interval(Evidence()).low, ratio_interval(Evidence()).high) == (0.0, inf)


def test_the_estimate_is_the_ratio_of_rates_at_one_share() -> None:
    evidence = observed(Evidence(), [Tally(0.1, 30, 90)])
    assert ratio_estimate(evidence) == pytest.approx((30 / 0.1) / (90 / 0.9), rel=1e-6)


def test_misses_of_one_arm_alone_bound_the_ratio_on_one_side() -> None:
    evidence = observed(Evidence(), [Tally(0.1, 12, 0)])
    assert ratio_estimate(evidence) == inf
    assert ratio_interval(evidence).low > 1
    assert ratio_interval(evidence).high == inf


def test_more_misses_make_it_shorter() -> None:
    few = ratio_interval(observed(Evidence(), [Tally(0.25, 10, 30)]))
    many = ratio_interval(observed(Evidence(), [Tally(0.25, 100, 300)]))
    assert few.low < many.low < 1 < many.high < few.high


def test_the_true_ratio_is_inside_at_all_looks_as_often_as_is_promised() -> None:
    dice = Random(11)
    theta, share = 2.0, 0.25
    q = share * theta / (1 - share + share * theta)
    left = 0
    for _ in range(60):
        evidence = Evidence()
        for _look in range(8):
            hits = sum(dice.random() < q for _ in range(15))
            evidence = observed(evidence, [Tally(share, hits, 15 - hits)])
            interval = ratio_interval(evidence, 0.1)
            if not interval.low <= theta <= interval.high:
                left += 1
                break
    assert binomial_interval(left, 60, 0.01).low <= 0.1
