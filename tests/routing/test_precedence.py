"""Every condition of a match, and which of several matches serves: against the specification read aloud."""

import re
import sys
from collections.abc import Callable
from types import FrameType
from typing import Literal, NamedTuple
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from turnout.routing import Index
from turnout.routing.conditions import Seen
from turnout.table import Listener, Match, ObjectRef, PathMatch, Route, RoutingTable, Rule, Split, ValueMatch

GATEWAY = ObjectRef("gateway.networking.k8s.io", "Gateway", "default", "g")


class Sent(NamedTuple):
    """A request; headers are (name, value) in the order of their lines."""

    method: bytes = b"GET"
    url: bytes = b"/"
    headers: tuple[tuple[bytes, bytes], ...] = ()

    @property
    def lines(self) -> list[bytes]:
        return [item for name, value in self.headers for item in (name, b": ", value, b"\r\n")]


def match(path: str = "/", method: str = "", *, headers: str = "", query: str = "") -> Match:
    """Headers and parameters are `name=value` or `name~expression`, separated by blanks; `=/a` is Exact, `~/a` RE2."""
    kinds: dict[str, Literal["Exact", "RegularExpression"]] = {"=": "Exact", "~": "RegularExpression"}
    at = PathMatch(kinds[path[0]], path[1:]) if path[0] in kinds else PathMatch("PathPrefix", path)
    return Match(at, method, values(headers), values(query))


def values(text: str) -> tuple[ValueMatch, ...]:
    found = []
    for one in text.split():
        name, value = re.split("[=~]", one, maxsplit=1)
        found.append(ValueMatch(name, value, "RegularExpression" if one[len(name)] == "~" else "Exact"))
    return tuple(found)


def route(name: str, *rules: Match | tuple[Match, ...], hosts: tuple[str, ...] = (), created: str = "2026") -> Route:
    return Route(
        ref=ObjectRef("gateway.networking.k8s.io", "HTTPRoute", "default", name),
        uid=name,
        created=created,
        hostnames=hosts,
        rules=tuple(
            Rule(str(index), index, (of,) if isinstance(of, Match) else of, Split(f"{name}/{index}", ()))
            for index, of in enumerate(rules)
        ),
    )


def one(*routes: Route) -> RoutingTable:
    listener = Listener(GATEWAY, "http", 80, 80, "", tuple(sorted(each.ref.key for each in routes)))
    return RoutingTable((listener,), {each.ref.key: each for each in routes})


def served(of: RoutingTable, sent: Sent, host: str = "h") -> str | None:
    """`route/rule` of what serves the request."""
    target = Index.build(of).lookup(80, host, sent.url.partition(b"?")[0].decode("latin-1"), sent)
    return f"{target.route.ref.name}/{target.rule.name}" if target is not None else None


def test_a_method_is_matched_as_it_is_written() -> None:
    of = one(route("a", match(method="POST")))
    assert [served(of, Sent(method)) for method in (b"POST", b"post", b"GET")] == ["a/0", None, None]


def test_a_header_s_name_is_matched_in_any_case_and_its_value_as_it_is_written() -> None:
    of = one(route("a", match(headers="version=One")))
    lines = [(b"Version", b"One"), (b"VERSION", b"One"), (b"version", b"one"), (b"versions", b"One")]
    assert [served(of, Sent(headers=(line,))) for line in lines] == ["a/0", "a/0", None, None]


def test_the_values_of_a_repeated_header_are_joined() -> None:
    sent = Sent(headers=((b"color", b"red"), (b"x", b"y"), (b"Color", b"blue")))
    joined = Match(PathMatch("PathPrefix", "/"), headers=(ValueMatch("color", "red, blue"),))
    assert served(one(route("a", joined)), sent) == "a/0"
    assert served(one(route("a", match(headers="color=red"))), sent) is None


def test_an_expression_matches_the_whole_value() -> None:
    of = one(route("a", match(headers="version~v[0-9]+")))
    sent = [Sent(headers=((b"version", value),)) for value in (b"v12", b"v", b"xv1", b"v1x", b"v1\nx", b"\xff")]
    assert [served(of, each) for each in sent] == ["a/0", *[None] * 5]


def test_an_expression_that_matches_nothing_still_needs_the_header() -> None:
    of = one(route("a", match(headers="version~.*")))
    assert [served(of, Sent(headers=((b"version", b""),))), served(of, Sent())] == ["a/0", None]


def test_every_header_and_parameter_must_hold() -> None:
    of = one(route("a", match(headers="a=1 b=2", query="c=3 d=4")))
    whole = Sent(url=b"/?d=4&c=3", headers=((b"b", b"2"), (b"a", b"1")))
    less = [whole._replace(url=b"/?c=3"), whole._replace(headers=((b"a", b"1"),)), whole._replace(headers=())]
    assert [served(of, each) for each in (whole, *less)] == ["a/0", None, None, None]


@pytest.mark.parametrize(
    ("url", "is_served"),
    [
        (b"/?animal=big+whale", True),
        (b"/?animal=big%20whale", True),
        (b"/?%61nimal=big%20whale", True),
        (b"/?x&animal=big+whale&", True),
        (b"/?animal=big+whale&animal=dolphin", True),
        (b"/?animal=dolphin&animal=big+whale", False),
        (b"/?Animal=big+whale", False),
        (b"/?animal=big+whale;x", False),
        (b"/?animal", False),
        (b"/", False),
    ],
)
def test_the_first_parameter_of_a_name_counts_once_decoded(url: bytes, is_served: bool) -> None:
    asked = Match(PathMatch("PathPrefix", "/"), query=(ValueMatch("animal", "big whale"),))
    assert (served(one(route("a", asked)), Sent(url=url)) == "a/0") is is_served


def test_an_expression_s_path_comes_after_an_exact_one_and_before_a_prefix() -> None:
    of = one(route("a", match("/v1/chat/completions"), match("~/v[0-9]/.*"), match("=/v1/chat")))
    urls = (b"/v1/chat", b"/v1/chat/completions", b"/v1", b"/v1/chat/completions/x?a=/")
    assert [served(of, Sent(url=url)) for url in urls] == ["a/2", "a/1", None, "a/1"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (match("=/v1/chat"), match("/v1/chat", "POST", headers="a=1 b=2", query="c=3 d=4")),
        (match("/v1/chat"), match("/v1", "POST", headers="a=1 b=2", query="c=3 d=4")),
        (match("/v1", "POST"), match("/v1", headers="a=1 b=2", query="c=3 d=4")),
        (match("/v1", "POST", headers="a=1"), match("/v1", "POST", query="c=3 d=4")),
        (match("/v1", headers="a=1 b=2"), match("/v1", headers="a=1", query="c=3 d=4")),
        (match("/v1", headers="a=1", query="c=3 d=4"), match("/v1", headers="b=2", query="c=3")),
        (match("/v1", query="c=3"), match("/v1")),
    ],
    ids=["exact", "longer", "method", "header", "more headers", "more parameters", "parameter"],
)
def test_each_condition_outweighs_all_that_come_after_it_and_age(first: Match, second: Match) -> None:
    sent = Sent(b"POST", b"/v1/chat?c=3&d=4", ((b"a", b"1"), (b"b", b"2")))
    of = one(route("younger", first), route("a-older", second, created="2025"))
    assert served(of, sent) == "younger/0"


def test_of_two_expressions_the_longer_comes_first() -> None:
    of = one(route("a", match("~/.*"), match("~/v1/.*")))
    assert [served(of, Sent(url=url)) for url in (b"/v1/x", b"/v2/x")] == ["a/1", "a/0"]


def test_a_pattern_that_would_stall_others_is_matched_at_once() -> None:
    of = one(route("a", match("~/(a+)+b")))
    assert served(of, Sent(url=b"/" + b"a" * 8000)) is None


def test_a_pattern_that_is_not_re2_is_refused_with_its_fault() -> None:
    with pytest.raises(ValueError, match="is no RE2 expression: invalid perl operator"):
        Index.build(one(route("a", match("~/(?=a)"))))


def test_a_rule_whose_conditions_fail_leaves_the_request_to_a_shorter_path_and_a_wider_host() -> None:
    narrow = route("narrow", match("/v1", "POST"), match("/v1/chat", headers="a=1"), hosts=("a.com",))
    of = one(narrow, route("wide", match("/")))
    sent = [Sent(b"POST", b"/v1/chat"), Sent(b"GET", b"/v1/chat"), Sent(b"POST", b"/v1/chat", ((b"a", b"1"),))]
    assert [served(of, each, "a.com") for each in sent] == ["narrow/0", "wide/0", "narrow/1"]


def test_the_target_names_the_match_that_held() -> None:
    both = (match("/a", headers="x=1"), match("/a/b"))
    for url, headers, at in ((b"/a/b/c", (), 1), (b"/a/c", ((b"x", b"1"),), 0)):
        target = Index.build(one(route("a", both))).lookup(80, "h", url.decode(), Sent(url=url, headers=headers))
        assert target is not None
        assert target.match == both[at]


def test_rules_told_apart_by_a_header_are_not_looked_at_one_by_one() -> None:
    of = one(*(route(f"r{n}", match("/v1", headers=f"tenant=t{n}")) for n in range(500)))
    index = Index.build(of)
    looked = 0
    (choices,) = index.shortlist(80, "h", "/v1").guarded
    for possible in choices._possible(Seen(Sent(headers=((b"tenant", b"t77"),)))):
        looked += len(possible)
    target = index.lookup(80, "h", "/v1", Sent(headers=((b"tenant", b"t77"),)))
    assert target is not None
    assert (target.route.ref.name, looked) == ("r77", 1)


def steps(of: RoutingTable, sent: Sent, host: str) -> int:
    """How many calls a lookup makes."""
    index, path = Index.build(of), sent.url.partition(b"?")[0].decode("latin-1")
    calls = 0

    def count(_: FrameType, event: str, __: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        found = index.lookup(80, host, path, sent)
    finally:
        sys.setprofile(None)
    assert found is not None
    return calls


@pytest.mark.parametrize(
    "tenant",
    [
        lambda n: route(f"r{n}", match(f"/t{n}/v1")),
        lambda n: route(f"r{n}", match("/t7/v1"), hosts=(f"t{n}.com",)),
        lambda n: route(f"r{n}", match("/t7/v1", headers=f"tenant=t{n}")),
        lambda n: route(f"r{n}", match("/t7/v1", query=f"tenant=t{n}", headers="version~v.")),
    ],
    ids=["path", "hostname", "header", "parameter"],
)
def test_a_lookup_takes_as_many_steps_among_5000_routes_as_in_one(tenant: Callable[[int], Route]) -> None:
    sent = Sent(url=b"/t7/v1/chat?tenant=t7", headers=((b"tenant", b"t7"), (b"version", b"v1")))
    many = one(*(tenant(n) for n in range(5000)))
    assert steps(many, sent, "t7.com") == steps(one(tenant(7)), sent, "t7.com")


def test_candidates_end_with_the_first_rule_that_asks_for_nothing() -> None:
    index = Index.build(one(route("a", match("/v1"), match("/"), match("/v1/x", "POST"), match("/v1/x/y", "PUT"))))
    shortlist = index.shortlist(80, "h", "/v1/x/y")
    assert len(shortlist.guarded) == 2
    assert shortlist.otherwise is not None
    assert shortlist.otherwise.rule.name == "0"
    assert index.shortlist(80, "h", "/w").guarded == ()


# The specification, read aloud: every rule of every route is looked at, and what matches is sorted.


def plainly_holds(of: Match, path: str, sent: Sent) -> bool:
    """Whether the request meets all of a match."""
    headers = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in sent.headers]
    joined = {name: ", ".join(value for each, value in headers if each == name) for name, _ in headers}
    pairs = parse_qsl(sent.url.decode("latin-1").partition("?")[2], keep_blank_values=True, encoding="latin-1")
    return (
        plainly_at(of.path, path)
        and of.method in ("", sent.method.decode("latin-1"))
        and all(plainly_is(one, joined.get(one.name.lower())) for one in of.headers)
        and all(plainly_is(one, next((value for name, value in pairs if name == one.name), None)) for one in of.query)
    )


def plainly_at(at: PathMatch, path: str) -> bool:
    if at.type == "PathPrefix":
        elements = [element for element in at.value.split("/") if element]
        return path.split("/")[1 : len(elements) + 1] == elements
    return path == at.value if at.type == "Exact" else re.fullmatch(at.value, path) is not None


def plainly_is(of: ValueMatch, value: str | None) -> bool:
    if value is None:
        return False
    return value == of.value if of.type == "Exact" else re.fullmatch(of.value, value) is not None


def plainly(of: RoutingTable, host: str, sent: Sent) -> str | None:
    path = sent.url.partition(b"?")[0].decode("latin-1")
    found = []
    for key, each in of.routes.items():
        for hostname in each.hostnames or ("",):
            if hostname not in ("", host):
                continue
            for rule in each.rules:
                for number, at in enumerate(rule.matches):
                    if plainly_holds(at, path, sent):
                        kind = ["Exact", "RegularExpression", "PathPrefix"].index(at.path.type)
                        length = len(at.path.value if kind == 1 else at.path.value.rstrip("/"))
                        conditions = (not at.method, -len(at.headers), -len(at.query))
                        age = (each.created, key, rule.index, number)
                        found.append(((not hostname, kind, -length, conditions, age), f"{each.ref.name}/{rule.name}"))
    return min(found)[1] if found else None


PATHS = ["/", "/v1", "/v1/", "/v1/chat", "=/v1", "=/v1/chat", "~/v[12]", "~/v1/?.*", "~/v./c.*", "~.*"]
HEADERS = ["", "", "a=1", "A=2", "a~[12]", "b=1", "a=1 b=1", "a~.* b=1", "b~1 a=2"]
QUERIES = ["", "", "q=1", "q~[12]", "q=1 r=2", "r~.*"]
matches = st.builds(
    match,
    st.sampled_from(PATHS),
    st.sampled_from(["", "", "GET", "POST"]),
    headers=st.sampled_from(HEADERS),
    query=st.sampled_from(QUERIES),
)
rules = st.lists(st.lists(matches, min_size=1, max_size=3).map(tuple), min_size=1, max_size=4)


@st.composite
def tables(draw: st.DrawFn) -> RoutingTable:
    return one(
        *(
            route(
                name,
                *draw(rules),
                hosts=draw(st.sampled_from([(), (), ("a.com",)])),
                created=draw(st.sampled_from(["2025", "2026"])),
            )
            for name in "abcd"[: draw(st.integers(1, 4))]
        )
    )


pairs = st.tuples(st.sampled_from([b"a", b"A", b"b"]), st.sampled_from([b"1", b"2", b"3", b""]))
sent = st.builds(
    lambda method, path, query, headers: Sent(method, path + query, tuple(headers)),
    st.sampled_from([b"GET", b"POST", b"get"]),
    st.sampled_from([b"/", b"/v1", b"/v1/", b"/v2", b"/v1/chat", b"/v1/chat/x", b"/v12", b"*", b"/v3/c"]),
    st.sampled_from([b"", b"?", b"?q=1", b"?q=2&q=1", b"?r=2&q=%31", b"?q", b"?r=+&q=1"]),
    st.lists(pairs, max_size=3),
)


@given(tables(), st.lists(sent, min_size=8, max_size=8))
@settings(max_examples=250, deadline=None)
def test_the_rule_that_serves_is_the_specification_s(of: RoutingTable, requests: list[Sent]) -> None:
    index = Index.build(of)
    for each in requests:
        for host in ("a.com", "b.com"):
            target = index.lookup(80, host, each.url.partition(b"?")[0].decode("latin-1"), each)
            found = f"{target.route.ref.name}/{target.rule.name}" if target is not None else None
            assert found == plainly(of, host, each)


anything = st.binary(max_size=40)


@given(tables(), st.builds(Sent, anything, anything, st.lists(st.tuples(anything, anything), max_size=4).map(tuple)))
@settings(max_examples=150, deadline=None)
def test_no_bytes_make_a_lookup_raise(of: RoutingTable, each: Sent) -> None:
    path = each.url.partition(b"?")[0].decode("latin-1")
    target = Index.build(of).lookup(80, each.method.decode("latin-1"), path, each)
    assert target is None or plainly_holds(target.match, path, each)
