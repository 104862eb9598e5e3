"""When an endpoint is ready."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnout.endpoints.health import NEW, SILENCES, Failure, Health, after_probe

READY = Health(ready=True, checked=1.0)
OUTCOMES = st.one_of(st.sampled_from(Failure), st.integers(100, 599))


def after(health: Health, *outcomes: Failure | int) -> Health:
    for moment, outcome in enumerate(outcomes, 2):
        health = after_probe(health, outcome, float(moment))
    return health


def test_a_new_endpoint_is_not_ready() -> None:
    assert not NEW.ready


@pytest.mark.parametrize("status", [200, 204, 301, 401, 403, 404, 405, 501])
def test_an_answer_that_shows_a_server_makes_ready(status: int) -> None:
    assert after(NEW, status).ready


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_answer_of_5xx_takes_a_ready_endpoint_out_at_once(status: int) -> None:
    assert not after(READY, status).ready


@pytest.mark.parametrize("failure", [Failure.UNREACHABLE, Failure.BROKEN])
def test_a_failed_connection_takes_a_ready_endpoint_out_at_once(failure: Failure) -> None:
    assert not after(READY, failure).ready


def test_a_ready_endpoint_may_answer_late_now_and_then() -> None:
    silent = [Failure.SILENT] * (SILENCES - 1)
    assert after(READY, *silent, 200, *silent).ready


def test_a_ready_endpoint_that_stays_silent_is_taken_out() -> None:
    assert not after(READY, *[Failure.SILENT] * SILENCES).ready


def test_silence_makes_nothing_ready() -> None:
    assert not after(NEW, Failure.SILENT).ready


def test_the_first_good_probe_brings_an_endpoint_back() -> None:
    assert after(READY, Failure.UNREACHABLE, 503, 200).ready


@pytest.mark.parametrize("outcome", [200, 503, Failure.UNREACHABLE])
def test_checked_is_when_the_probe_began_that_found_it_out(outcome: Failure | int) -> None:
    assert after_probe(READY, outcome, 7.5).checked == 7.5


def test_silence_finds_nothing_out() -> None:
    assert after_probe(READY, Failure.SILENT, 7.5).checked == READY.checked


@given(outcomes=st.lists(OUTCOMES, max_size=10))
def test_only_an_answer_makes_ready_whatever_came_before(outcomes: list[Failure | int]) -> None:
    health = after(NEW, *outcomes)
    if health.ready:
        assert any(isinstance(outcome, int) and (outcome < 500 or outcome == 501) for outcome in outcomes[-SILENCES:])
