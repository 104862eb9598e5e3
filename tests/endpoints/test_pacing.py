"""How often model servers are asked."""

from hypothesis import given
from hypothesis import strategies as st

from turnout.endpoints.pacing import (
    HEALTH_SECONDS,
    RETURN_SECONDS,
    SCRAPE_SECONDS,
    SHARE,
    health_interval,
    scrape_interval,
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
