"""What a rule asks for in vain is named, field by field."""

from typing import Any

import pytest

from tests.support.resource_sets import backend, http_route, stored
from turnout.resources.httproute import HTTPRoute
from turnout.translate.rules import unsupported

HEADER = {"name": "x", "value": "y"}
FILTER = {"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [HEADER]}}


def of(rule: dict[str, Any]) -> tuple[str, ...]:
    route = stored(http_route(rules=[rule]))
    assert isinstance(route, HTTPRoute)
    return unsupported(route.spec.rules[0], "rules[0]")


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ({"filters": [FILTER]}, "filters"),
        ({"timeouts": {"request": "10s"}}, "timeouts"),
        ({"retry": {"attempts": 2}}, "retry"),
        ({"sessionPersistence": {"type": "Header", "sessionName": "s", "header": {"name": "x"}}}, "sessionPersistence"),
        ({"backendRefs": [backend("a"), backend("b", filters=[FILTER])]}, "backendRefs[1].filters"),
        ({"matches": [{}, {"headers": [HEADER]}]}, "matches[1].headers"),
        ({"matches": [{"queryParams": [HEADER]}]}, "matches[0].queryParams"),
        ({"matches": [{"method": "GET"}]}, "matches[0].method"),
        (
            {"matches": [{"path": {"type": "RegularExpression", "value": "/.*"}}]},
            "matches[0].path.type RegularExpression",
        ),
    ],
)
def test_a_field_that_is_not_served_is_named(rule: dict[str, Any], field: str) -> None:
    assert of(rule) == (f"rules[0].{field}",)


def test_paths_and_backends_are_served() -> None:
    paths = [{"path": {"value": "/v1"}}, {"path": {"type": "Exact", "value": "/v1/models"}}]
    assert of({"name": "chat", "matches": paths, "backendRefs": [backend("a", 0), backend("b")]}) == ()


def test_every_field_is_named() -> None:
    assert of({"filters": [FILTER], "matches": [{"method": "GET", "headers": [HEADER]}]}) == (
        "rules[0].filters",
        "rules[0].matches[0].headers",
        "rules[0].matches[0].method",
    )
