"""How often model servers are asked."""

from hypothesis import given
from hypothesis import strategies as st

from turnout.endpoints.pacing import (
    GROUP,
    HEALTH_SECONDS,
    RETURN_SECONDS,
    SCRAPE_SECONDS,
    SHARE,
    health_interval,
    phase,
    scrape_interval,
    until_beat,
)

COSTS = st.floats(0, 1e6)
INTERVALS = st.floats(SCRAPE_SECONDS, 1e6)


def test_cheap_scraping_happens_every_50_ms() -> None:
    assert scrape_interval(0.001) == 0.05


@given(cost=COSTS)
def test_scraping_never_takes_more_than_a_quarter_of_a_core(cost: float) -> None:
    assert cost <= SHARE * scrape_interval(cost) * (1 + 1e-9)


@given(cost=COSTS)
def test_no_interval_is_longer_than_it_must_be(cost: float) -> None:
    interval = scrape_interval(cost)
    assert interval == SCRAPE_SECONDS or cost >= SHARE * interval * (1 - 1e-9)


def test_a_ready_endpoint_is_checked_every_500_ms() -> None:
    assert health_interval(SCRAPE_SECONDS, ready=True, silent=False) == HEALTH_SECONDS == 0.5


def test_an_endpoint_that_is_not_ready_is_looked_at_every_200_ms() -> None:
    assert health_interval(SCRAPE_SECONDS, ready=False, silent=False) == RETURN_SECONDS == 0.2


def test_an_endpoint_that_did_not_answer_is_asked_again_at_once() -> None:
    assert health_interval(SCRAPE_SECONDS, ready=True, silent=True) == SCRAPE_SECONDS


@given(interval=INTERVALS, ready=st.booleans(), silent=st.booleans())
def test_health_is_never_asked_for_more_often_than_load(interval: float, ready: bool, silent: bool) -> None:
    assert health_interval(interval, ready=ready, silent=silent) >= interval


def test_endpoints_of_a_group_are_asked_together_and_groups_apart() -> None:
    phases = [phase(place) for place in range(10 * GROUP)]
    assert [phases.count(each) for each in dict.fromkeys(phases)] == [GROUP] * 10


@given(st.integers(2, 64))
def test_groups_are_spread_over_the_interval(groups: int) -> None:
    phases = sorted(phase(number * GROUP) for number in range(groups))
    gaps = [later - earlier for earlier, later in zip(phases, [*phases[1:], 1.0], strict=True)]
    assert min(phases) == 0.0
    assert max(phases) < 1.0
    assert max(gaps) <= 2.62 / groups


@given(now=st.floats(0, 1e6), interval=st.floats(SCRAPE_SECONDS, 10), late=st.floats(0, 0.99))
def test_the_next_beat_is_about_an_interval_away(now: float, interval: float, late: float) -> None:
    assert 0.099 * interval <= until_beat(now, interval, late) <= 1.101 * interval


def test_an_answer_that_takes_most_of_an_interval_costs_no_beat() -> None:
    assert round(until_beat(100.04, 0.05, 0.0), 6) == 0.01


@given(
    now=st.floats(0, 1e5), other=st.floats(0, 0.0049), interval=st.floats(SCRAPE_SECONDS, 10), late=st.floats(0, 0.99)
)
def test_who_comes_a_little_before_or_after_a_beat_is_there_for_the_next_one(
    now: float, other: float, interval: float, late: float
) -> None:
    beat = now + until_beat(now, interval, late)
    early, tardy = beat - other, beat + other
    assert abs(early + until_beat(early, interval, late) - (beat + interval)) < 1e-6
    assert abs(tardy + until_beat(tardy, interval, late) - (beat + interval)) < 1e-6
