"""How many requests may be sent a second time."""

from hypothesis import given
from hypothesis import strategies as st

from turnout.endpoints.retry_budget import RetryBudget, RetrySettings


def test_a_few_retries_are_always_free() -> None:
    budget = RetryBudget()

    assert [budget.take(100.0) for _ in range(11)] == [True] * 10 + [False]
    assert budget.take(101.0)


def test_beyond_them_retries_are_a_share_of_the_requests() -> None:
    budget = RetryBudget()
    budget.requests = 100

    assert sum(budget.take(100.0) for _ in range(50)) == 20


def test_a_retry_is_forgotten_after_the_interval() -> None:
    budget = RetryBudget()
    budget.requests = 100
    for _ in range(20):
        budget.take(100.0)
    assert sum(budget.take(109.9) for _ in range(50)) == 10  # the free ones

    assert sum(budget.take(111.0) for _ in range(50)) == 10


def test_requests_are_forgotten_after_the_interval() -> None:
    budget = RetryBudget()
    budget.mark(100.0)
    budget.requests = 1000
    budget.mark(101.0)
    assert sum(budget.take(101.0) for _ in range(500)) == 200

    for second in range(102, 125):
        budget.mark(second)

    assert sum(budget.take(124.5) for _ in range(500)) == 10


def test_nothing_may_be_free() -> None:
    budget = RetryBudget(RetrySettings(min_count=0))

    assert not budget.take(100.0)
    budget.requests = 5
    assert budget.take(100.0)


def test_free_retries_are_counted_over_an_interval_of_their_own_however_long() -> None:
    budget = RetryBudget(RetrySettings(interval=1.0, min_count=2, min_interval=60.0))

    assert [budget.take(now) for now in (100.0, 130.0, 150.0, 160.5)] == [True, True, False, True]


def test_new_settings_hold_for_what_was_counted_before() -> None:
    budget = RetryBudget()
    budget.requests = 100
    assert sum(budget.take(100.0) for _ in range(50)) == 20

    budget.settings = RetrySettings(percent=25.0)

    assert sum(budget.take(100.0) for _ in range(50)) == 5


@given(st.lists(st.tuples(st.floats(0, 3), st.integers(0, 50), st.integers(0, 30)), max_size=30))
def test_in_no_interval_are_there_more_retries_than_the_share_and_the_free_ones(
    seconds: list[tuple[float, int, int]],
) -> None:
    budget = RetryBudget()
    now = 0.0
    began: list[tuple[float, int]] = []
    taken: list[float] = []
    for pause, requests, retries in seconds:
        now += pause
        budget.mark(now)
        budget.requests += requests
        began.append((now, requests))
        taken += [now for _ in range(retries) if budget.take(now)]
        recent = [at for at in taken if at > now - 10.0]
        # A mark is made every `pause`: the requests of the interval are known up to the last one before it.
        known = sum(count for at, count in began if at > now - 10.0 - 3.0)
        assert len(recent) <= known * 0.2 + 10 * 11
