from math import exp, inf, log

import pytest

from turnout.judge.mixture import log_restart_mixture, log_sum, restart_weight


def test_the_weights_sum_to_one() -> None:
    total = sum(restart_weight(run) for run in range(1, 20_000))
    assert total < 1
    assert total == pytest.approx(1, abs=1e-4)


def test_a_mixture_in_which_nothing_was_seen_is_one() -> None:
    assert log_restart_mixture([0.0, 0.0, 0.0]) == pytest.approx(0)


def test_runs_that_were_given_up_count_nothing() -> None:
    kept = log_restart_mixture([0.0], first=3)
    assert exp(kept) == pytest.approx(1 - restart_weight(1) - restart_weight(2))


def test_a_sum_of_logs_does_not_overflow() -> None:
    assert log_sum([1000.0, 1000.0]) == pytest.approx(1000 + log(2))
    assert log_sum([]) == -inf
