"""Header changes and rewrites, compiled."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from turnout.proxy.filters import Revision, revised
from turnout.proxy.request import Request
from turnout.table import Filters, HeaderChange, PathMatch, Rewrite

PATH = PathMatch("PathPrefix", "/")
Pairs = list[tuple[str, str]]


def lines_of(pairs: Sequence[tuple[str, str]]) -> list[bytes]:
    return [part for name, value in pairs for part in (name.encode(), b": ", value.encode(), b"\r\n")]


def pairs_of(lines: Sequence[bytes]) -> Pairs:
    return [(lines[at].decode(), lines[at + 2].decode()) for at in range(0, len(lines), 4)]


def request(pairs: Sequence[tuple[str, str]]) -> Request:
    return Request(b"GET", b"/", lines_of(pairs), closes=False, http10=False)


def changed(pairs: Pairs, *changes: HeaderChange) -> Pairs:
    asked = request(pairs)
    Revision(Filters(request_headers=changes), PATH).apply(asked)
    answered = revised(lines_of(pairs), Revision(Filters(response_headers=changes), PATH).responses)
    assert asked.lines == answered
    return pairs_of(asked.lines)


def by_name(pairs: Pairs) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name.lower(), []).append(value)
    return found


def reference(headers: dict[str, list[str]], change: HeaderChange) -> dict[str, list[str]]:
    """HTTPHeaderFilter on lists of values by name."""
    after = {name: list(values) for name, values in headers.items()}
    for name in change.remove:
        after.pop(name.lower(), None)
    for name, value in change.set:
        after[name.lower()] = [value]
    for name, value in change.add:
        after.setdefault(name.lower(), []).append(value)
    return after


names = st.sampled_from(["X-A", "x-a", "X-B", "x-c", "Accept"])
values = st.sampled_from(["1", "2", "", "a b"])
once = st.lists(st.tuples(names, values), max_size=3, unique_by=lambda pair: pair[0].lower()).map(tuple)
changes = st.builds(HeaderChange, set=once, add=once, remove=st.lists(names, max_size=2).map(tuple))


@settings(max_examples=300)
@given(st.lists(st.tuples(names, values), max_size=6), st.lists(changes, max_size=3))
def test_changes_are_those_of_a_dict_of_lists(pairs: Pairs, made: list[HeaderChange]) -> None:
    expected = by_name(pairs)
    for change in made:
        expected = reference(expected, change)

    assert by_name(changed(pairs, *made)) == expected


FRAMING = ["Content-Length", "transfer-encoding", "Connection", "Keep-Alive", "TE", "Trailer", "Upgrade"]
OWN = ["X-Turnout-Pool", "x-turnout-reason"]


@pytest.mark.parametrize("name", [*FRAMING, *OWN])
def test_framing_and_the_gateways_own_headers_are_left_alone(name: str) -> None:
    for change in (HeaderChange(set=((name, "1"),)), HeaderChange(add=((name, "1"),)), HeaderChange(remove=(name,))):
        assert changed([("x-a", "1"), (name, "0")], change) == [("x-a", "1"), (name, "0")]


@pytest.mark.parametrize(
    ("name", "value"),
    [("x-a", "1\r\nx-b: 2"), ("x-a", "1\nx-b: 2"), ("x-a", "\0"), ("x-a\r\nx-b", "1"), ("x a", "1"), ("", "1")],
)
def test_what_would_be_more_than_one_line_is_left_out(name: str, value: str) -> None:
    assert changed([], HeaderChange(set=((name, value),), add=((name, value),))) == []


def test_the_host_is_replaced_by_a_rewrite_and_by_nothing_else() -> None:
    asked = request([("Host", "old"), ("x-a", "1")])
    change = HeaderChange(set=(("host", "forged"),), add=(("Host", "forged"),), remove=("HOST",))

    Revision(Filters(request_headers=(change,)), PATH).apply(asked)
    assert pairs_of(asked.lines) == [("Host", "old"), ("x-a", "1")]

    Revision(Filters(request_headers=(change,), rewrite=Rewrite(hostname="new.example")), PATH).apply(asked)
    assert pairs_of(asked.lines) == [("host", "new.example"), ("x-a", "1")]


def test_a_request_without_a_host_gets_that_of_the_rewrite() -> None:
    asked = request([])
    asked.hostless = True

    Revision(Filters(rewrite=Rewrite(hostname="new.example")), PATH).apply(asked)

    assert (asked.hostless, pairs_of(asked.lines)) == (False, [("host", "new.example")])


def test_a_session_and_an_id_are_read_again_after_a_change() -> None:
    asked = request([("x-session-id", "client"), ("x-request-id", "client")])
    asked.session, asked.id = b"client", b"client"

    made = HeaderChange(set=(("X-Session-Id", "route"), ("X-Request-Id", "route")))
    Revision(Filters(request_headers=(made,)), PATH).apply(asked)
    assert (asked.session, asked.id) == (b"route", b"route")

    gone = HeaderChange(remove=("x-session-id", "x-request-id"))
    Revision(Filters(request_headers=(gone,)), PATH).apply(asked)
    assert (asked.session, asked.id, asked.lines) == (b"", b"route", [])
