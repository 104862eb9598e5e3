"""What a rule asks for in vain is named, field by field."""

from typing import Any

import pytest

from tests.support.resource_sets import backend, http_route, pool, resource_set, stored
from turnout.resources.httproute import HTTPRoute
from turnout.table import Timeouts
from turnout.translate.destinations import Destinations
from turnout.translate.rules import ReadRule, read_rules

SET = {"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": "x", "value": "y"}]}}
CORS = {"type": "CORS", "cors": {"allowOrigins": ["*"]}}
EXTENSION = {"type": "ExtensionRef", "extensionRef": {"group": "example.com", "kind": "Quota", "name": "q"}}
AUTH = {
    "type": "ExternalAuth",
    "externalAuth": {"protocol": "HTTP", "http": {}, "backendRef": {"name": "auth", "port": 80}},
}


def read(rule: dict[str, Any]) -> ReadRule:
    route = stored(http_route(rules=[rule]))
    assert isinstance(route, HTTPRoute)
    return read_rules(route, Destinations.of(resource_set([pool("llm")])))[0]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"filters": [CORS]}, "rules[0].filters[0].type CORS is not supported"),
        ({"retry": {"attempts": 2}}, "rules[0].retry is not supported"),
        (
            {"sessionPersistence": {"type": "Header", "header": {"name": "x"}}},
            "rules[0].sessionPersistence is not supported",
        ),
        (
            {"backendRefs": [backend("a"), backend("b", filters=[SET, CORS])]},
            "rules[0].backendRefs[1].filters[1].type CORS is not supported",
        ),
        ({"matches": [{}, {"method": "CONNECT"}]}, "rules[0].matches[1].method CONNECT is not supported"),
    ],
)
def test_a_field_that_is_not_served_is_named_and_drops_the_rule(rule: dict[str, Any], message: str) -> None:
    found = read(rule)
    assert [one.message for one in found.unserved] == [message]
    assert found.rule is None


def test_every_field_that_is_not_served_is_named() -> None:
    found = read({"filters": [CORS], "retry": {}, "matches": [{"method": "CONNECT"}]})
    assert [one.message.split(" ")[0] for one in found.unserved] == [
        "rules[0].matches[0].method",
        "rules[0].filters[0].type",
        "rules[0].retry",
    ]


@pytest.mark.parametrize("guard", [EXTENSION, AUTH])
def test_a_rule_whose_guard_is_not_known_lets_nobody_pass_by(guard: dict[str, Any]) -> None:
    found = read({"filters": [guard, SET], "matches": [{"path": {"value": "/admin"}}], "backendRefs": [backend("llm")]})
    assert found.unserved
    assert found.rule is not None
    assert [one.path.value for one in found.rule.matches] == ["/admin"]
    assert found.rule.split.backends == ()
    assert found.pools == ()


def test_a_guard_in_a_backend_ref_closes_the_rule_too() -> None:
    found = read({"backendRefs": [backend("llm"), backend("llm", filters=[EXTENSION])]})
    assert found.rule is not None
    assert found.rule.split.backends == ()


def test_a_rule_that_cannot_be_matched_is_dropped_whatever_guards_it() -> None:
    unreadable = {"path": {"type": "RegularExpression", "value": "("}}
    assert read({"filters": [EXTENSION], "matches": [unreadable]}).rule is None


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ({"request": "1h1m1s1ms"}, Timeouts(3661.001, None)),
        ({"backendRequest": "250ms"}, Timeouts(None, 0.25)),
        ({"request": "0s", "backendRequest": "5s"}, Timeouts(0.0, 5.0)),
        ({}, None),
    ],
)
def test_timeouts_are_in_seconds(written: dict[str, str], seconds: Timeouts | None) -> None:
    found = read({"timeouts": written, "backendRefs": [backend("llm")]})
    assert found.rule is not None
    assert found.rule.timeouts == seconds


def test_a_rule_that_redirects_is_served_without_backends() -> None:
    found = read({"filters": [{"type": "RequestRedirect", "requestRedirect": {"statusCode": 301}}]})
    assert found.unserved == ()
    assert found.rule is not None
    assert found.rule.filters.redirect is not None
    assert found.rule.filters.redirect.code == 301


def rewrite(kind: str, field: str) -> dict[str, Any]:
    return {"type": "URLRewrite", "urlRewrite": {"path": {"type": kind, field: "/new"}}}


PREFIX, FULL = rewrite("ReplacePrefixMatch", "replacePrefixMatch"), rewrite("ReplaceFullPath", "replaceFullPath")


@pytest.mark.parametrize("of_rule", [PREFIX, FULL])
def test_a_prefix_that_the_rule_has_replaced_cannot_be_replaced_again(of_rule: dict[str, Any]) -> None:
    (fault,) = read({"filters": [of_rule], "backendRefs": [backend("llm", filters=[PREFIX])]}).unserved
    assert fault.incompatible
    assert read({"filters": [of_rule], "backendRefs": [backend("llm", filters=[FULL])]}).unserved == ()
    assert read({"backendRefs": [backend("llm", filters=[PREFIX])]}).unserved == ()


def test_no_two_rules_have_one_name_or_salt() -> None:
    route = stored(http_route(rules=[{"name": "1"}, {}, {"name": "a"}, {}]))
    assert isinstance(route, HTTPRoute)
    found = [one.rule for one in read_rules(route, Destinations({}))]
    assert [one.name for one in found if one] == ["1", "#1", "a", "3"]
    assert len({one.split.salt for one in found if one}) == 4
