"""Matches become the table's, and what cannot be matched is named."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from turnout.resources.httproute import HTTPRouteMatch
from turnout.routing.expressions import expression
from turnout.table import Match, PathMatch, ValueMatch
from turnout.translate.matches import ReadMatches, read_matches


def read(*matches: dict[str, Any]) -> ReadMatches:
    return read_matches(msgspec.convert(matches, tuple[HTTPRouteMatch, ...]), "rules[0].matches")


def test_no_matches_match_every_request() -> None:
    assert read() == ReadMatches((Match(PathMatch("PathPrefix", "/")),), ())


def test_the_first_of_equal_header_names_counts_in_any_case() -> None:
    headers = [{"name": "X-A", "value": "1"}, {"name": "x-a", "value": "2"}, {"name": "x-b", "value": "3"}]
    assert read({"headers": headers}).matches[0].headers == (ValueMatch("x-a", "1"), ValueMatch("x-b", "3"))


def test_parameter_names_are_told_apart_by_case() -> None:
    query = [{"name": "A", "value": "1"}, {"name": "a", "value": "2"}, {"name": "a", "value": "3"}]
    assert read({"queryParams": query}).matches[0].query == (ValueMatch("A", "1"), ValueMatch("a", "2"))


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"])
def test_methods_are_matched_as_they_are_written(method: str) -> None:
    found = read({"method": method})
    assert found.unserved == ()
    assert found.matches[0].method == method


def test_no_tunnel_is_matched() -> None:
    assert [one.message for one in read({}, {"method": "CONNECT"}).unserved] == [
        "rules[0].matches[1].method CONNECT is not supported"
    ]


@pytest.mark.parametrize("name", ["Connection", "content-length", "Upgrade", "TE", "X-Turnout-Pool"])
def test_a_header_that_ends_at_the_gateway_is_never_matched_and_so_refused(name: str) -> None:
    (fault,) = read({"headers": [{"name": name, "value": "a"}]}).unserved
    assert (
        fault.message == f"rules[0].matches[0].headers[0].name: header {name} ends at the gateway and is never matched"
    )


@pytest.mark.parametrize(
    ("match", "field"),
    [
        ({"path": {"type": "RegularExpression", "value": "("}}, "path.value"),
        ({"headers": [{"name": "a", "value": "(?=b)", "type": "RegularExpression"}]}, "headers[0].value"),
        ({"headers": [{"name": "a", "value": "("}, {"name": "A", "value": "(", "type": "RegularExpression"}]},
         "headers[1].value"),
        ({"queryParams": [{"name": "a", "value": r"(a)\1", "type": "RegularExpression"}]}, "queryParams[0].value"),
    ],
)  # fmt: skip
def test_an_expression_that_is_not_re2_names_its_field(match: dict[str, Any], field: str) -> None:
    (fault,) = read(match).unserved
    assert fault.message.startswith(f"rules[0].matches[0].{field}: ")
    assert "no RE2 expression" in fault.message


@pytest.mark.parametrize(
    "name", ["Connection", "te", "Content-Length", "x-turnout-pool", "X-Gateway-Destination-Endpoint"]
)
def test_a_header_that_ends_at_the_gateway_is_never_matched(name: str) -> None:
    (fault,) = read({"headers": [{"name": "x", "value": "a"}, {"name": name, "value": "a"}]}).unserved
    assert fault.message.startswith(f"rules[0].matches[0].headers[1].name: header {name} ")


def test_an_exact_value_is_no_expression() -> None:
    assert read({"path": {"type": "Exact", "value": "/("}, "headers": [{"name": "a", "value": "("}]}).unserved == ()


@given(st.text(min_size=1, max_size=20) | st.from_regex(r"[a-c()|*+?\[\]\\^${},0-9]{1,12}", fullmatch=True))
@settings(max_examples=150, deadline=None)
def test_an_expression_that_is_not_refused_compiles(value: str) -> None:
    one = {"type": "RegularExpression", "value": value}
    found = read({"path": one}, {"queryParams": [{"name": "a"} | one]})
    assert len(found.unserved) in (0, 2)
    if not found.unserved:
        for each in (found.matches[0].path, found.matches[1].query[0]):
            expression(each.value)
