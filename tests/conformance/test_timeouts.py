"""Time limits of rules (upstream `httproute-timeout-*`), and retries, which are refused."""

import pytest

from tests.support.conformance import Document, Stage, at, rule, upstream

pytestmark = pytest.mark.e2e


def limited(stage: Stage, name: str) -> None:
    """A rule with the limit answers 504 past it, and a rule that switches it off waits."""
    gateway = stage.gateway()
    stage.served(
        gateway,
        rule("infra-v1", matches=[at("/limited")], timeouts={name: "500ms"}),
        rule("infra-v1", matches=[at("/off")], timeouts={name: "0s"}),
    )
    assert stage.by(gateway, "/limited", "/off?delay=1") == ["infra-v1", "infra-v1"]
    answer = stage.ask(gateway, "/limited?delay=1")
    assert (answer.code, answer.reason) == (504, "timeout")


@upstream("HTTPRouteTimeoutRequest", "HTTPRouteRequestTimeout")
def test_a_request_past_its_limit_is_answered_504(stage: Stage) -> None:
    limited(stage, "request")


@upstream("HTTPRouteTimeoutBackendRequest", "HTTPRouteBackendTimeout")
def test_a_try_past_its_limit_is_answered_504(stage: Stage) -> None:
    limited(stage, "backendRequest")


def retried(stage: Stage, more: Document) -> None:
    """A rule with a retry policy is not served."""
    gateway = stage.gateway()
    route = stage.route(gateway, {**rule("infra-v1"), **more}, rule("infra-v2", matches=[at("/without")]))
    message = stage.of_route(route, gateway, "PartiallyInvalid", "True", "UnsupportedValue")
    assert message.startswith("Dropped Rule")
    assert "rules[0].retry is not supported" in message
    assert stage.by(gateway, "/", "/without") == [404, "infra-v2"]


REFUSED = "`PartiallyInvalid=True`, `UnsupportedValue`: the rule with `retry` is dropped and named"


@upstream("HTTPRouteRetry", "HTTPRouteRetry", outcome="refused", note=REFUSED)
def test_a_rule_that_retries_codes_is_refused(stage: Stage) -> None:
    retried(stage, {"retry": {"codes": [500, 503], "attempts": 2}})


@upstream(
    "HTTPRouteRetryConnectionError",
    "HTTPRouteRetry",
    "HTTPRouteRetryConnectionError",
    outcome="refused",
    note=REFUSED,
)
def test_a_rule_that_retries_connections_is_refused(stage: Stage) -> None:
    retried(stage, {"retry": {"attempts": 2}})


@upstream(
    "HTTPRouteRetryWithTimeouts",
    "HTTPRouteRetry",
    "HTTPRouteRetryBackendTimeout",
    "HTTPRouteRequestTimeout",
    "HTTPRouteBackendTimeout",
    outcome="refused",
    note=REFUSED,
)
def test_a_rule_that_retries_within_limits_is_refused(stage: Stage) -> None:
    limits = {"backendRequest": "200ms", "request": "400ms"}
    retried(stage, {"retry": {"attempts": 2}, "timeouts": limits})
