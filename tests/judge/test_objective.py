from math import exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnout.judge import Trials, log_excess

runs = st.lists(
    st.integers(0, 200).flatmap(lambda n: st.builds(Trials, st.just(n), st.integers(0, n))), min_size=1, max_size=4
)


@given(runs, st.sampled_from([0.01, 0.05, 0.3]), st.floats(0, 1))
def test_the_next_request_does_not_raise_the_e_value_on_average_within_the_limit(
    before: list[Trials], limit: float, part: float
) -> None:
    p = part * limit
    miss = [*before[:-1], before[-1].plus(Trials(1, 1))]
    hit = [*before[:-1], before[-1].plus(Trials(1, 0))]
    now = log_excess(before, limit)
    after = p * exp(log_excess(miss, limit) - now) + (1 - p) * exp(log_excess(hit, limit) - now)
    assert after <= 1 + 1e-9


def test_without_requests_the_e_value_is_one() -> None:
    assert log_excess([Trials()], 0.05) == pytest.approx(0)


def test_an_arm_far_above_its_limit_is_shown_to_be() -> None:
    assert log_excess([Trials(200, 40)], 0.05) > log(1000)
    assert log_excess([Trials(200, 10)], 0.05) < log(20)


def test_an_outage_after_a_long_clean_time_shows_in_its_own_run() -> None:
    clean, outage = Trials(20_000, 200), Trials(60, 30)
    assert log_excess([clean, outage], 0.05) > log(1000)
    assert log_excess([clean.plus(outage)], 0.05) < 0
