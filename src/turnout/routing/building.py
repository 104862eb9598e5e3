"""Indexes of one table after another, each at the cost of what differs from the one before, and in small steps."""

from collections.abc import Generator, Iterable, Mapping
from functools import lru_cache
from itertools import groupby
from typing import TypeAlias

from msgspec.structs import replace

from turnout.routing.conditions import Expressions, Guard
from turnout.routing.expressions import Test, expression
from turnout.routing.places import Hosts, Paths
from turnout.routing.shortlist import Choices, Target
from turnout.routing.split import Splitter
from turnout.table import Listener, Route, RoutingTable
from turnout.table.keyed import changed

Offered: TypeAlias = tuple[Guard, Target]
Place: TypeAlias = tuple[str, str]
"""A kind of path and its value, as matches of one hostname are found by. All expressions are in one place."""
Ports: TypeAlias = dict[int, Hosts[Hosts[Paths]]]
"""By port, the listener's hostname, the route's hostname, and path."""
Serving: TypeAlias = dict[str, Listener]
"""Route keys, and the listener that serves each."""
Steps: TypeAlias = Generator[None, None, None]

EXPRESSIONS = ("RegularExpression", "")
PATTERNS = 4096
"""Compiled expressions that are remembered from one table to the next."""


class Builder:
    """What the index last built was made of. It is for one builder of indexes at a time."""

    def __init__(self) -> None:
        self._expression = lru_cache(PATTERNS)(expression)
        self._forget()

    def _forget(self) -> None:
        self._table = RoutingTable()
        self._listeners: dict[Listener, Listener] = {}
        self._groups: dict[tuple[int, str], _Group] = {}
        self._whole = True

    def build(self, table: RoutingTable) -> Generator[None, None, Ports]:
        """Builds in steps, each of well under a millisecond as long as few routes have one path; returns the index.

        Indexes that were returned before stay as they are. A route that a listener names and the table lacks is passed
        over. Raises ValueError for a pattern that is not RE2 (`expression`); after that, or when it is not driven to
        its end, the next table is built from nothing.
        """
        if not self._whole:
            self._forget()
        self._whole = False
        routes = changed(self._table.routes, table.routes)
        servings = None if table.listeners is self._table.listeners else self._servings(table.listeners)
        if servings is not None:
            for gone in self._groups.keys() - servings.keys():
                del self._groups[gone]
            for name in servings:
                self._groups.setdefault(name, _Group(self._expression))
        for name, group in self._groups.items():
            yield from group.update(table.routes, routes, group.serving if servings is None else servings[name])
        self._table, self._whole = table, True
        return self._ports()

    def _servings(self, listeners: Iterable[Listener]) -> dict[tuple[int, str], Serving]:
        """Listeners of several Gateways that share a port and a hostname serve as one; the first names the target."""
        known, self._listeners = self._listeners, {}
        found: dict[tuple[int, str], Serving] = {}
        for listener in listeners:
            # Targets outlive the table that they were made for: they must not keep all its keys.
            alone = replace(listener, routes=())
            alone = self._listeners.setdefault(alone, known.get(alone, alone))
            serving = found.setdefault((listener.served_port, listener.hostname), {})
            for key in listener.routes:
                serving.setdefault(key, alone)
        return found

    def _ports(self) -> Ports:
        by_port: dict[int, dict[str, Hosts[Paths] | None]] = {}
        for (port, hostname), group in self._groups.items():
            by_port.setdefault(port, {})[hostname] = group.hosts
        nothing = Hosts[Hosts[Paths]]()
        return {port: nothing.revised(hostnames) for port, hostnames in by_port.items()}


class _Served:
    """A route under one listener: what it offers in each place, in the order of its rules and their matches."""

    __slots__ = ("hostnames", "offers", "order")

    def __init__(self, route: Route, listener: Listener, compiled: Expressions) -> None:
        self.hostnames = tuple(dict.fromkeys(route.hostnames or ("",)))
        self.order = (route.created, route.ref.key)
        self.offers: dict[Place, list[Offered]] = {}
        for rule in sorted(route.rules, key=lambda rule: rule.index):
            splitter = Splitter(rule.split)
            for match in rule.matches:
                target = Target(listener, route, rule, splitter, match)
                self.offers.setdefault(_place(target), []).append((Guard(match, compiled), target))


class _Page:
    """One hostname: who offers something in which place."""

    __slots__ = ("cells", "paths")

    def __init__(self) -> None:
        self.cells: dict[Place, dict[str, _Served]] = {}
        self.paths = Paths()

    def drop(self, place: Place, key: str) -> None:
        cell = self.cells[place]
        del cell[key]
        if not cell:
            del self.cells[place]

    def offered(self, place: Place) -> list[Offered]:
        """Every target of the place, in order: the oldest route's first where nothing else decides."""
        served = sorted(self.cells.get(place, {}).values(), key=lambda one: one.order)
        return sorted((one for each in served for one in each.offers[place]), key=_rank)


class _Group:
    """The listeners that share a port and a hostname."""

    def __init__(self, compiled: Expressions) -> None:
        self.serving: Serving = {}
        self.hosts = Hosts[Paths]()
        self._compiled = compiled
        self._served: dict[str, _Served] = {}
        self._pages: dict[str, _Page] = {}

    def update(self, routes: Mapping[str, Route], others: Iterable[str], serving: Serving) -> Steps:
        """Serves `serving` from here on. `others` are the routes that are other objects than before."""
        touched: dict[str, dict[Place, None]] = {}
        for key in dict.fromkeys((*others, *changed(self.serving, serving))):
            self._drop(key, touched)
            route, listener = routes.get(key), serving.get(key)
            if route is not None and listener is not None:
                self._add(key, _Served(route, listener, self._compiled), touched)
            yield
        found: dict[str, Paths | None] = {}
        for hostname, places in touched.items():
            page = self._pages[hostname]
            yield from self._revise(page, places)
            found[hostname] = page.paths if page.cells else None
            if not page.cells:
                del self._pages[hostname]
        self.hosts = self.hosts.revised(found)
        self.serving = serving

    def _drop(self, key: str, touched: dict[str, dict[Place, None]]) -> None:
        served = self._served.pop(key, None)
        if served is not None:
            for hostname in served.hostnames:
                for place in served.offers:
                    self._pages[hostname].drop(place, key)
                    touched.setdefault(hostname, {})[place] = None

    def _add(self, key: str, served: _Served, touched: dict[str, dict[Place, None]]) -> None:
        self._served[key] = served
        for hostname in served.hostnames:
            page = self._pages.setdefault(hostname, _Page())
            for place in served.offers:
                page.cells.setdefault(place, {})[key] = served
                touched.setdefault(hostname, {})[place] = None

    def _revise(self, page: _Page, places: Iterable[Place]) -> Steps:
        """Makes the choices of these places anew."""
        exact: dict[str, Choices | None] = {}
        prefixes: dict[str, Choices | None] = {}
        patterns = None
        for place in places:
            offered = page.offered(place)
            if place == EXPRESSIONS:
                patterns = self._patterns(offered)
            else:
                kind, value = place
                (exact if kind == "Exact" else prefixes)[value] = Choices(offered) if offered else None
            yield
        page.paths = page.paths.revised(exact, prefixes, patterns)

    def _patterns(self, offered: list[Offered]) -> list[tuple[Test, Choices]]:
        """Patterns of one length keep the order of their targets, so that only neighbours can share their choices."""
        longest_first = sorted(offered, key=lambda one: -len(_pattern(one)))
        return [
            (self._compiled(pattern), Choices(list(same))) for pattern, same in groupby(longest_first, key=_pattern)
        ]


def _pattern(offered: Offered) -> str:
    return offered[1].match.path.value


def _place(target: Target) -> Place:
    path = target.match.path
    if path.type == "RegularExpression":
        return EXPRESSIONS
    # A prefix without the slash at its end says the same: `/abc/` is `/abc`, and `/` is empty.
    return path.type, path.value if path.type == "Exact" else path.value.rstrip("/")


def _rank(offered: Offered) -> tuple[bool, int, int]:
    """Less comes first. What ties keeps its order: a sort moves no equals."""
    match = offered[1].match
    return not match.method, -len(match.headers), -len(match.query)
