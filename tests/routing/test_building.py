"""A builder that has built other tables before builds what a new one would, and leaves those that it built alone."""

from collections.abc import Generator
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from turnout.routing import Builder, Index
from turnout.table import (
    Listener,
    Match,
    ObjectRef,
    Parameters,
    PathMatch,
    Route,
    RoutingTable,
    Rule,
    Split,
    ValueMatch,
)

T = TypeVar("T")
Found = tuple[str, str, Match, Listener] | None
GATEWAY = ObjectRef("gateway.networking.k8s.io", "Gateway", "default", "g")
KEYS = [f"default/{name}" for name in "abcd"]
HOSTS = ["a.com", "*.a.com", "*.com", "d.org"]
PROBES = [
    (port, host, path)
    for port in (80, 81)
    for host in ("a.com", "x.a.com", "x.com", "d.org", "e.org")
    for path in ("/", "/v1", "/v1/", "/v1/chat", "/v2")
]


class Sent:
    """A request with one header."""

    def __init__(self, value: bytes) -> None:
        self.method = b"POST"
        self.url = b"/"
        self.lines = [b"a", b": ", value, b"\r\n"]


def finished(steps: Generator[None, None, T]) -> T:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: T = end.value
            return found


def answers(index: Index) -> list[Found]:
    """What serves each of the probes. A listener's routes are the table's to know."""
    found: list[Found] = []
    for port, host, path in PROBES:
        for value in (b"1", b"2"):
            target = index.lookup(port, host, path, Sent(value))
            found.append(
                None
                if target is None
                else (target.route.ref.key, target.rule.name, target.match, bare(target.listener))
            )
    return found


def bare(listener: Listener) -> Listener:
    return Listener(
        listener.gateway,
        listener.name,
        listener.port,
        listener.served_port,
        listener.hostname,
        (),
        listener.parameters,
    )


paths = st.builds(
    PathMatch,
    st.sampled_from(["Exact", "PathPrefix", "PathPrefix", "RegularExpression"]),
    st.sampled_from(["/", "/v1", "/v1/", "/v1/chat"]),
)
headers = st.sampled_from([(), (), (ValueMatch("a", "1"),), (ValueMatch("a", "[12]", "RegularExpression"),)])
matches = st.builds(Match, paths, st.sampled_from(["", "", "POST"]), headers)


@st.composite
def routes(draw: st.DrawFn, key: str) -> Route:
    rules = draw(st.lists(st.lists(matches, min_size=1, max_size=2), min_size=1, max_size=2))
    return Route(
        ref=ObjectRef("gateway.networking.k8s.io", "HTTPRoute", *key.split("/")),
        uid=key,
        created=draw(st.sampled_from(["2025", "2026"])),
        hostnames=tuple(draw(st.lists(st.sampled_from(HOSTS), max_size=2, unique=True))),
        rules=tuple(
            Rule(str(number), number, tuple(each), Split(f"{key}/{number}", ())) for number, each in enumerate(rules)
        ),
    )


@st.composite
def listeners(draw: st.DrawFn) -> tuple[Listener, ...]:
    return tuple(
        Listener(
            GATEWAY,
            f"l{number}",
            port,
            port,
            draw(st.sampled_from(["", "", "*.a.com", "a.com"])),
            tuple(sorted(draw(st.lists(st.sampled_from(KEYS), unique=True)))),
            Parameters(idle=draw(st.sampled_from([None, 5.0]))),
        )
        for number, port in enumerate(draw(st.lists(st.sampled_from([80, 81]), max_size=3)))
    )


def edited(of: RoutingTable, data: st.DataObject) -> RoutingTable:
    """The table with a route that comes, changes or goes, or with other listeners."""
    if data.draw(st.integers(0, 2)) == 0:
        return RoutingTable(data.draw(listeners()), of.routes)
    key = data.draw(st.sampled_from(KEYS))
    if key in of.routes and data.draw(st.booleans()):
        return RoutingTable(of.listeners, {other: each for other, each in of.routes.items() if other != key})
    return RoutingTable(of.listeners, {**of.routes, key: data.draw(routes(key))})


@given(listeners(), st.data())
@settings(max_examples=100, deadline=None)
def test_a_sequence_of_tables_ends_where_a_fresh_index_does(first: tuple[Listener, ...], data: st.DataObject) -> None:
    builder = Builder()
    table = RoutingTable(first, {key: data.draw(routes(key)) for key in KEYS})
    index = Index(finished(builder.build(table)))
    for _ in range(data.draw(st.integers(1, 5))):
        before, was = index, answers(index)
        table = edited(table, data)
        index = Index(finished(builder.build(table)))
        assert answers(index) == answers(Index.build(table))
        assert answers(before) == was


@given(st.data(), st.integers(0, 20))
@settings(max_examples=50, deadline=None)
def test_a_build_that_is_given_up_harms_none_that_follows(data: st.DataObject, steps: int) -> None:
    builder = Builder()
    table = RoutingTable(data.draw(listeners()), {key: data.draw(routes(key)) for key in KEYS})
    finished(builder.build(table))
    given_up = builder.build(RoutingTable(data.draw(listeners()), {key: data.draw(routes(key)) for key in KEYS}))
    for _ in range(steps):
        next(given_up, None)
    assert answers(Index(finished(builder.build(table)))) == answers(Index.build(table))


def route(key: str, path: str) -> Route:
    match = Match(PathMatch("PathPrefix", path))
    rule = Rule("0", 0, (match,), Split(key, ()))
    return Route(ObjectRef("gateway.networking.k8s.io", "HTTPRoute", *key.split("/")), key, "2026", (), (rule,))


def test_a_pattern_that_is_none_leaves_the_builder_able_to_build() -> None:
    builder = Builder()
    listener = Listener(GATEWAY, "http", 80, 80, "", ("default/a", "default/b"))
    good = RoutingTable((listener,), {"default/a": route("default/a", "/v1")})
    finished(builder.build(good))
    bad = Route(
        ObjectRef("gateway.networking.k8s.io", "HTTPRoute", "default", "b"),
        "b",
        "2026",
        (),
        (Rule("0", 0, (Match(PathMatch("RegularExpression", "(")),), Split("b", ())),),
    )
    with pytest.raises(ValueError, match="RE2"):
        finished(builder.build(RoutingTable((listener,), {**good.routes, "default/b": bad})))
    assert answers(Index(finished(builder.build(good)))) == answers(Index.build(good))


def test_one_route_more_among_many_takes_few_steps() -> None:
    builder = Builder()
    many = {f"default/r{number}": route(f"default/r{number}", f"/{number}") for number in range(200)}
    listener = Listener(GATEWAY, "http", 80, 80, "", tuple(sorted([*many, "default/more"])))
    assert len(list(builder.build(RoutingTable((listener,), many)))) > 200
    more = {**many, "default/more": route("default/more", "/more")}
    assert len(list(builder.build(RoutingTable((listener,), more)))) < 5
