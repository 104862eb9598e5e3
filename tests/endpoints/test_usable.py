"""When an endpoint that failed here may be tried again."""

from msgspec.structs import replace

from turnout.endpoints import Endpoint
from turnout.endpoints.usable import RETRY_SECONDS, usable

ENDPOINT = Endpoint("ns/a", "127.0.0.1:9000", 0, ready=True, checked=10.0)


def test_a_ready_endpoint_that_never_failed_is_usable() -> None:
    assert usable(ENDPOINT, None, 10.0)


def test_an_endpoint_that_is_not_ready_is_not_usable() -> None:
    assert not usable(replace(ENDPOINT, ready=False), None, 10.0)


def test_an_endpoint_that_just_failed_is_not_usable() -> None:
    assert not usable(ENDPOINT, 10.5, 10.6)


def test_a_check_that_began_before_the_failure_proves_nothing() -> None:
    assert not usable(ENDPOINT, 10.0, 10.1)


def test_a_check_after_the_failure_brings_it_back() -> None:
    assert usable(replace(ENDPOINT, checked=10.6), 10.5, 10.7)


def test_it_comes_back_without_a_check_after_a_while() -> None:
    assert usable(ENDPOINT, 10.5, 10.5 + RETRY_SECONDS)


def test_waiting_does_not_make_an_unready_endpoint_usable() -> None:
    assert not usable(replace(ENDPOINT, ready=False), 10.5, 10.5 + RETRY_SECONDS)
