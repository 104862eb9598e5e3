"""Which rule serves a request: the table compiled into dicts, once per version.

Gateway API's order: the most specific listener hostname that matches, and that hostname's listeners alone (listener
isolation); then, over every rule that matches, the most specific hostname of its route, the path, a method, the most
headers, the most query parameters, the oldest route, its `namespace/name`, the first rule, its first match.
Paths: Exact, then RegularExpression by the length of the pattern, then the longest PathPrefix. The spec leaves the
place of expressions to implementations; whoever writes one means fewer paths than a prefix does.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import groupby
from typing import Generic, TypeVar

from turnout.routing.conditions import Asked, Guard
from turnout.routing.expressions import Test, expression
from turnout.routing.shortlist import Choices, Shortlist, Target
from turnout.routing.split import Splitter
from turnout.table import Listener, Route, RoutingTable, Rule

T = TypeVar("T")
Offered = tuple[Guard, Target]


class Index:
    """A table's rules by port, host and path: a few dict reads per lookup, whatever the table's size.

    Expressions of paths alone are tried one by one, those of one hostname at a time.
    """

    __slots__ = ("_ports",)

    def __init__(self, ports: "dict[int, _Hosts[_Hosts[_Paths]]]") -> None:
        self._ports = ports

    @classmethod
    def build(cls, table: RoutingTable) -> "Index":
        """The index of `table`. A route that a listener names and the table lacks is passed over.

        Raises ValueError for a pattern that is not RE2 (`expression`).
        """
        ports: dict[int, dict[str, dict[str, Listener]]] = {}
        for listener in table.listeners:
            # Listeners of several Gateways that share a port and a hostname serve as one; the first names the target.
            routes = ports.setdefault(listener.served_port, {}).setdefault(listener.hostname, {})
            for key in listener.routes:
                routes.setdefault(key, listener)
        targets = _Targets(table)
        return cls(
            {
                port: _Hosts({hostname: targets.by_host(routes) for hostname, routes in hostnames.items()})
                for port, hostnames in ports.items()
            }
        )

    def lookup(self, served_port: int, host: str, path: str, asked: Asked) -> Target | None:
        """The rule that serves the request; None when none does (`no-route`). It never raises.

        `host` is the Host header in lower case without its port; `path` has no query and is decoded as Latin-1.
        """
        for paths in self._paths(served_port, host):
            for choices in paths.matching(path):
                if choices.guarded:
                    # From here on the request is read: once, however many paths match.
                    return self.shortlist(served_port, host, path).first(asked)
                return choices.otherwise
        return None

    def shortlist(self, served_port: int, host: str, path: str) -> Shortlist:
        """The rules that may serve such a request, without those that come after one that asks for nothing more."""
        guarded: list[Choices] = []
        for paths in self._paths(served_port, host):
            for choices in paths.matching(path):
                if choices.guarded:
                    guarded.append(choices)
                if choices.otherwise is not None:
                    return Shortlist(tuple(guarded), choices.otherwise)
        return Shortlist(tuple(guarded))

    def _paths(self, served_port: int, host: str) -> "Iterable[_Paths]":
        """The paths of every hostname that matches, the most specific first."""
        listeners = self._ports.get(served_port)
        routes = listeners.best(host) if listeners is not None else None
        return routes.matching(host) if routes is not None else ()


class _Hosts(Generic[T]):
    """Values by hostname: exact ones, `*.suffix` (one label or more), and the empty one for every host."""

    __slots__ = ("_any", "_exact", "_suffixes")

    def __init__(self, by_hostname: dict[str, T]) -> None:
        self._exact = {name: value for name, value in by_hostname.items() if name and not name.startswith("*.")}
        self._suffixes = {name[1:]: value for name, value in by_hostname.items() if name.startswith("*.")}
        self._any = by_hostname.get("")

    def best(self, host: str) -> T | None:
        """The value of the most specific hostname that matches `host`."""
        return next(self.matching(host), None) if self._exact or self._suffixes else self._any

    def matching(self, host: str) -> Iterator[T]:
        """Every value whose hostname matches `host`, the most specific first."""
        exact = self._exact.get(host)
        if exact is not None:
            yield exact
        if self._suffixes:
            dot = host.find(".", 1)
            while dot != -1:
                value = self._suffixes.get(host[dot:])
                if value is not None:
                    yield value
                dot = host.find(".", dot + 1)
        if self._any is not None:
            yield self._any


class _Paths:
    """Choices by path. `expressions` are in order, each with the test for its paths."""

    __slots__ = ("_exact", "_expressions", "_longest", "_prefixes")

    def __init__(
        self, exact: dict[str, Choices], expressions: list[tuple[Test, Choices]], prefixes: dict[str, Choices]
    ) -> None:
        self._exact = exact
        self._expressions = expressions
        self._prefixes = prefixes
        self._longest = max(map(len, prefixes), default=0)

    def matching(self, path: str) -> Iterator[Choices]:
        """What every path that matches leads to, the most specific first."""
        found = self._exact.get(path)
        if found is not None:
            yield found
        if self._expressions:
            text = path.encode("latin-1", "replace")
            for test, choices in self._expressions:
                if test(text):
                    yield choices
        prefixes = self._prefixes
        end = len(path)
        if end > self._longest:
            # Deeper elements than any prefix has are never looked at, however many a client sends.
            end = path.rfind("/", 0, self._longest + 1)
        while end > 0:
            found = prefixes.get(path[:end])
            if found is not None:
                yield found
            end = path.rfind("/", 0, end)
        found = prefixes.get("")
        if found is not None:
            yield found


class _Targets:
    """The targets of one table, each rule's splitter and each pattern made once."""

    def __init__(self, table: RoutingTable) -> None:
        self._table = table
        self._splitters: dict[tuple[str, int], Splitter] = {}
        self._expression = lru_cache(None)(expression)

    def by_host(self, routes: dict[str, Listener]) -> "_Hosts[_Paths]":
        """Route keys and the listener of each -> their rules by hostname and path."""
        hosts: dict[str, list[tuple[Route, Listener]]] = {}
        for key, listener in routes.items():
            route = self._table.routes.get(key)
            if route is not None:
                for hostname in dict.fromkeys(route.hostnames or ("",)):
                    hosts.setdefault(hostname, []).append((route, listener))
        return _Hosts({hostname: self._by_path(served) for hostname, served in hosts.items()})

    def _by_path(self, served: list[tuple[Route, Listener]]) -> _Paths:
        exact: dict[str, list[Offered]] = {}
        prefixes: dict[str, list[Offered]] = {}
        patterns: list[tuple[str, Offered]] = []
        for target in sorted(self._offered(served), key=_rank):
            offered = Guard(target.match, self._expression), target
            path = target.match.path
            if path.type == "RegularExpression":
                patterns.append((path.value, offered))
            elif path.type == "Exact":
                exact.setdefault(path.value, []).append(offered)
            else:
                prefixes.setdefault(_elements(path.value), []).append(offered)
        return _Paths(_choices(exact), self._expressions(patterns), _choices(prefixes))

    def _expressions(self, patterns: list[tuple[str, Offered]]) -> list[tuple[Test, Choices]]:
        """Patterns of one length keep the order of their targets, so that only neighbours can share their choices."""
        longest_first = sorted(patterns, key=lambda one: -len(one[0]))
        return [
            (self._expression(pattern), Choices([offered for _, offered in same]))
            for pattern, same in groupby(longest_first, key=lambda one: one[0])
        ]

    def _offered(self, served: list[tuple[Route, Listener]]) -> Iterator[Target]:
        """Every match of the routes, from the oldest route's first."""
        for route, listener in sorted(served, key=lambda pair: (pair[0].created, pair[0].ref.key)):
            for rule in sorted(route.rules, key=lambda rule: rule.index):
                splitter = self._splitter(route, rule)
                for match in rule.matches:
                    yield Target(listener, route, rule, splitter, match)

    def _splitter(self, route: Route, rule: Rule) -> Splitter:
        key = (route.ref.key, rule.index)
        splitter = self._splitters.get(key)
        if splitter is None:
            splitter = self._splitters[key] = Splitter(rule.split)
        return splitter


def _rank(target: Target) -> tuple[bool, int, int]:
    """Less comes first. What ties keeps its order: a sort moves no equals."""
    match = target.match
    return not match.method, -len(match.headers), -len(match.query)


def _choices(by_path: dict[str, list[Offered]]) -> dict[str, Choices]:
    return {path: Choices(offered) for path, offered in by_path.items()}


def _elements(prefix: str) -> str:
    """A prefix without the slash at its end, which says nothing: `/abc/` is `/abc`, and `/` is empty."""
    return prefix.rstrip("/")
