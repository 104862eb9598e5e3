"""The index finds what Gateway API's precedence rules say: paths and hostnames."""

from hypothesis import given, settings
from hypothesis import strategies as st

from turnout.routing import Index
from turnout.table import Listener, Match, ObjectRef, PathMatch, Route, RoutingTable, Rule, Split

GATEWAY = ObjectRef("gateway.networking.k8s.io", "Gateway", "default", "g")


class Unread:
    """A request that nobody may look into: rules without conditions have no reason to."""

    @property
    def method(self) -> bytes:
        raise AssertionError("read")

    @property
    def url(self) -> bytes:
        raise AssertionError("read")

    @property
    def lines(self) -> list[bytes]:
        raise AssertionError("read")


def match(path: str) -> Match:
    """`=/a` is Exact, `/a` is PathPrefix."""
    return Match(PathMatch("Exact", path[1:]) if path.startswith("=") else PathMatch("PathPrefix", path))


def route(name: str, *rules: str, hosts: tuple[str, ...] = (), created: str = "2026-01-01T00:00:00Z") -> Route:
    """Each rule is its paths, separated by blanks."""
    return Route(
        ref=ObjectRef("gateway.networking.k8s.io", "HTTPRoute", "default", name),
        uid=name,
        created=created,
        hostnames=hosts,
        rules=tuple(
            Rule(str(index), index, tuple(match(path) for path in paths.split()), Split(f"{name}/{index}", ()))
            for index, paths in enumerate(rules)
        ),
    )


def listener(name: str, *routes: Route, hostname: str = "", port: int = 80) -> Listener:
    return Listener(GATEWAY, name, port, port, hostname, tuple(sorted(route.ref.key for route in routes)))


def table(*listeners: Listener, routes: tuple[Route, ...]) -> RoutingTable:
    return RoutingTable(listeners=listeners, routes={route.ref.key: route for route in routes})


def served(of: RoutingTable, host: str, path: str, port: int = 80) -> str | None:
    """`route/rule` of what serves the request."""
    target = Index.build(of).lookup(port, host, path, Unread())
    return f"{target.route.ref.name}/{target.rule.name}" if target is not None else None


def one(*routes: Route) -> RoutingTable:
    return table(listener("http", *routes), routes=routes)


def test_an_empty_table_serves_nothing() -> None:
    assert served(RoutingTable(), "a.b", "/") is None


def test_a_port_serves_its_own_listeners_alone() -> None:
    a = route("a", "/")
    assert served(table(listener("http", a, port=81), routes=(a,)), "h", "/", port=80) is None
    assert served(table(listener("http", a, port=81), routes=(a,)), "h", "/", port=81) == "a/0"


def test_a_prefix_matches_whole_elements() -> None:
    of = one(route("a", "/abc"))
    assert [served(of, "h", path) for path in ("/abc", "/abc/", "/abc/d", "/abcd", "/", "/ab")] == [
        *["a/0"] * 3,
        *[None] * 3,
    ]


def test_a_slash_at_the_end_of_a_prefix_says_nothing() -> None:
    assert served(one(route("a", "/abc/")), "h", "/abc") == "a/0"


def test_an_exact_path_takes_its_slash_at_the_end_seriously() -> None:
    assert [served(one(route("a", "=/abc/")), "h", path) for path in ("/abc/", "/abc")] == ["a/0", None]


def test_exact_beats_prefix_and_long_beats_short() -> None:
    of = one(route("a", "/", "/v1", "/v1/chat", "=/v1/chat"))
    assert [served(of, "h", path) for path in ("/v1/chat", "/v1/chat/x", "/v1/x", "/x")] == ["a/3", "a/2", "a/1", "a/0"]


def test_the_root_prefix_takes_targets_that_are_no_path() -> None:
    assert served(one(route("a", "/")), "h", "*") == "a/0"


def test_the_oldest_route_comes_first_then_the_name_then_the_rule() -> None:
    old = route("z", "/", created="2025-01-01T00:00:00Z")
    assert served(one(route("a", "/"), old), "h", "/") == "z/0"
    assert served(one(route("b", "/"), route("a", "/x /", "/")), "h", "/") == "a/0"


def test_a_longer_path_beats_an_older_route() -> None:
    old = route("z", "/", created="2025-01-01T00:00:00Z")
    assert served(one(old, route("a", "/v1")), "h", "/v1/x") == "a/0"


def test_the_more_specific_hostname_comes_before_any_path() -> None:
    routes = (
        route("any", "=/v1"),
        route("wild", "=/v1", hosts=("*.com",)),
        route("longer", "/v1", hosts=("*.b.com",)),
        route("exact", "/", hosts=("a.b.com",)),
    )
    hosts = ("a.b.com", "c.b.com", "x.a.b.com", "b.com", "net")
    assert [served(one(*routes), host, "/v1") for host in hosts] == [
        "exact/0",
        "longer/0",
        "longer/0",
        "wild/0",
        "any/0",
    ]


def test_a_less_specific_hostname_serves_what_the_more_specific_does_not_match() -> None:
    of = one(route("any", "/"), route("exact", "/v1", hosts=("a.com",)))
    assert [served(of, "a.com", path) for path in ("/v1", "/v2")] == ["exact/0", "any/0"]


def test_a_wildcard_needs_a_label_of_its_own() -> None:
    of = one(route("a", "/", hosts=("*.example.com",)))
    hosts = ("x.example.com", "y.x.example.com", "example.com", ".example.com", "xexample.com")
    assert [served(of, host, "/") for host in hosts] == ["a/0", "a/0", None, None, None]


def test_only_the_most_specific_listener_is_asked() -> None:
    wide, narrow = route("wide", "/"), route("narrow", "/v1")
    of = table(listener("wide", wide), listener("narrow", narrow, hostname="a.com"), routes=(wide, narrow))
    assert [served(of, "a.com", "/v1"), served(of, "a.com", "/v2"), served(of, "b.com", "/v2")] == [
        "narrow/0",
        None,
        "wide/0",
    ]


def test_a_listener_s_hostname_bounds_its_routes() -> None:
    a = route("a", "/")
    of = table(listener("http", a, hostname="*.example.com"), routes=(a,))
    assert [served(of, "x.example.com", "/"), served(of, "x.org", "/")] == ["a/0", None]


def test_listeners_of_two_gateways_on_one_port_and_hostname_serve_as_one() -> None:
    a, b = route("a", "/a"), route("b", "/b")
    of = table(listener("one", a), listener("two", b), routes=(a, b))
    assert [served(of, "h", "/a"), served(of, "h", "/b")] == ["a/0", "b/0"]


def test_a_route_that_the_table_lacks_is_passed_over() -> None:
    a = route("a", "/")
    assert served(table(listener("http", a), routes=()), "h", "/") is None


def test_a_path_of_endless_elements_costs_no_more_than_the_longest_prefix() -> None:
    reads = 0

    class Counting(dict[str, object]):
        def get(self, key: object, default: object = None) -> object:
            nonlocal reads
            reads += 1
            return super().get(str(key), default)

    index = Index.build(one(route("a", "/v1/chat")))
    paths = index._ports[80]._any._any  # type: ignore[union-attr]
    paths._prefixes = Counting(paths._prefixes)  # type: ignore[union-attr]
    assert index.lookup(80, "h", "/" * 10_000, Unread()) is None
    assert reads <= 10


def plainly_matches(hostname: str, host: str) -> bool:
    if hostname.startswith("*."):
        return host.endswith(hostname[1:]) and len(host) > len(hostname) - 1
    return hostname in ("", host)


def specificity(hostname: str) -> tuple[int, int]:
    """Gateway API: characters in a matching name without a wildcard, then characters in a matching name."""
    return (0 if hostname.startswith("*") else len(hostname), len(hostname))


def plainly(of: RoutingTable, host: str, path: str) -> str | None:
    """The specification read aloud: no dicts, every rule looked at."""
    matching = [one for one in of.listeners if plainly_matches(one.hostname, host)]
    if not matching:
        return None
    best = max(specificity(one.hostname) for one in matching)
    keys = {key for one in matching if specificity(one.hostname) == best for key in one.routes}
    found = []
    for key in keys:
        candidate = of.routes[key]
        for hostname in candidate.hostnames or ("",):
            if not plainly_matches(hostname, host):
                continue
            for rule in candidate.rules:
                for at in rule.matches:
                    elements = [e for e in at.path.value.split("/") if e]
                    is_exact = at.path.type == "Exact"
                    if is_exact and path != at.path.value:
                        continue
                    if not is_exact and path.split("/")[1 : len(elements) + 1] != elements:
                        continue
                    wide, long = specificity(hostname)
                    rank = (-wide, -long, not is_exact, -len(elements), candidate.created, key, rule.index)
                    found.append((rank, f"{candidate.ref.name}/{rule.name}"))
    return min(found)[1] if found else None


HOSTNAMES = ["a.com", "b.a.com", "c.b.a.com", "*.a.com", "*.b.a.com", "*.com", "d.org"]
PATHS = ["/", "/v1", "/v1/", "/v1/chat", "/v2", "=/v1", "=/v1/chat", "=/", "=/v1/"]


@st.composite
def tables(draw: st.DrawFn) -> RoutingTable:
    routes = tuple(
        route(
            f"r{n}",
            *draw(
                st.lists(st.lists(st.sampled_from(PATHS), min_size=1, max_size=3).map(" ".join), min_size=1, max_size=3)
            ),
            hosts=tuple(draw(st.lists(st.sampled_from(HOSTNAMES), max_size=2, unique=True))),
            created=draw(st.sampled_from(["2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z"])),
        )
        for n in range(draw(st.integers(0, 5)))
    )
    listeners = []
    for n, hostname in enumerate(draw(st.lists(st.sampled_from(["", *HOSTNAMES]), max_size=4))):
        attached = draw(st.lists(st.sampled_from(routes), unique_by=lambda r: r.uid)) if routes else []
        listeners.append(listener(f"l{n}", *attached, hostname=hostname))
    return table(*listeners, routes=routes)


@given(tables(), st.sampled_from(["a.com", "b.a.com", "c.b.a.com", "d.c.b.a.com", "x.com", "d.org", "e.org"]))
@settings(max_examples=200)
def test_the_index_agrees_with_the_specification_read_aloud(of: RoutingTable, host: str) -> None:
    for path in ("/", "/v1", "/v1/", "/v1/chat", "/v1/chat/x", "/v2/x", "/v3", "/v12"):
        assert served(of, host, path) == plainly(of, host, path)
