"""Which rule serves a request: the table compiled into dicts, once per version.

Gateway API's order: the most specific listener hostname that matches, and that hostname's listeners alone (listener
isolation); then, over every rule that matches, the most specific hostname of its route, an Exact path, the longest
PathPrefix, the oldest route, its `namespace/name`, the first rule in the list.
"""

from collections.abc import Iterator
from typing import Generic, TypeVar

from msgspec import Struct

from turnout.routing.split import Splitter
from turnout.table import Listener, Match, Route, RoutingTable, Rule

T = TypeVar("T")


class Target(Struct, frozen=True):
    """Where a request goes. `splitter` is the rule's split, compiled."""

    listener: Listener
    route: Route
    rule: Rule
    splitter: Splitter


class Index:
    """A table's rules by port, host and path: a few dict reads per lookup, whatever the table's size."""

    __slots__ = ("_ports",)

    def __init__(self, ports: "dict[int, _Hosts[_Hosts[_Paths]]]") -> None:
        self._ports = ports

    @classmethod
    def build(cls, table: RoutingTable) -> "Index":
        """The index of `table`. A route that a listener names and the table lacks is passed over."""
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

    def lookup(self, served_port: int, host: str, path: str) -> Target | None:
        """The rule that serves the request; None when none does (`no-route`).

        `host` is the Host header in lower case without its port; `path` has no query.
        """
        listeners = self._ports.get(served_port)
        routes = next(listeners.matching(host), None) if listeners is not None else None
        if routes is not None:
            for paths in routes.matching(host):
                target = paths.first(path)
                if target is not None:
                    return target
        return None


class _Hosts(Generic[T]):
    """Values by hostname: exact ones, `*.suffix` (one label or more), and the empty one for every host."""

    __slots__ = ("_any", "_exact", "_suffixes")

    def __init__(self, by_hostname: dict[str, T]) -> None:
        self._exact = {name: value for name, value in by_hostname.items() if name and not name.startswith("*.")}
        self._suffixes = {name[1:]: value for name, value in by_hostname.items() if name.startswith("*.")}
        self._any = by_hostname.get("")

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
    """Targets by path. Those of one path are in order: the first whose other conditions hold has it."""

    __slots__ = ("_exact", "_longest", "_prefixes")

    def __init__(self, exact: dict[str, list[Target]], prefixes: dict[str, list[Target]]) -> None:
        self._exact = exact
        self._prefixes = prefixes
        self._longest = max(map(len, prefixes), default=0)

    def first(self, path: str) -> Target | None:
        """The target of the most specific path that matches."""
        found = self._exact.get(path)
        if found is not None:
            return found[0]
        prefixes = self._prefixes
        end = len(path)
        if end > self._longest:
            # Deeper elements than any prefix has are never looked at, however many a client sends.
            end = path.rfind("/", 0, self._longest + 1)
        while end > 0:
            found = prefixes.get(path[:end])
            if found is not None:
                return found[0]
            end = path.rfind("/", 0, end)
        found = prefixes.get("")
        return found[0] if found is not None else None


class _Targets:
    """The targets of one table, each rule's splitter made once."""

    def __init__(self, table: RoutingTable) -> None:
        self._table = table
        self._splitters: dict[tuple[str, int], Splitter] = {}

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
        exact: dict[str, list[Target]] = {}
        prefixes: dict[str, list[Target]] = {}
        for route, listener in sorted(served, key=lambda pair: (pair[0].created, pair[0].ref.key)):
            for rule in sorted(route.rules, key=lambda rule: rule.index):
                target = Target(listener, route, rule, self._splitter(route, rule))
                for match in rule.matches:
                    paths, value = (exact, match.path.value) if _is_exact(match) else (prefixes, _elements(match))
                    paths.setdefault(value, []).append(target)
        return _Paths(exact, prefixes)

    def _splitter(self, route: Route, rule: Rule) -> Splitter:
        key = (route.ref.key, rule.index)
        splitter = self._splitters.get(key)
        if splitter is None:
            splitter = self._splitters[key] = Splitter(rule.split)
        return splitter


def _is_exact(match: Match) -> bool:
    return match.path.type == "Exact"


def _elements(match: Match) -> str:
    """A prefix without the slash at its end, which says nothing: `/abc/` is `/abc`, and `/` is empty."""
    return match.path.value.rstrip("/")
