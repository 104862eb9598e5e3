"""Which rule serves a request: the table compiled into dicts, once per version.

Gateway API's order: the most specific listener hostname that matches, and that hostname's listeners alone (listener
isolation); then, over every rule that matches, the most specific hostname of its route, the path, a method, the most
headers, the most query parameters, the oldest route, its `namespace/name`, the first rule, its first match.
Paths: Exact, then RegularExpression by the length of the pattern, then the longest PathPrefix. The spec leaves the
place of expressions to implementations; whoever writes one means fewer paths than a prefix does.
"""

from collections.abc import Iterable

from turnout.routing.building import Builder, Ports
from turnout.routing.conditions import Asked
from turnout.routing.places import Paths
from turnout.routing.shortlist import Choices, Shortlist, Target
from turnout.table import RoutingTable


class Index:
    """A table's rules by port, host and path: a few dict reads per lookup, whatever the table's size.

    Expressions of paths alone are tried one by one, those of one hostname at a time.
    """

    __slots__ = ("_ports",)

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    @classmethod
    def build(cls, table: RoutingTable) -> "Index":
        """The index of `table`. A route that a listener names and the table lacks is passed over.

        Raises ValueError for a pattern that is not RE2 (`expression`).
        """
        build = Builder().build(table)
        while True:
            try:
                next(build)
            except StopIteration as end:
                return cls(end.value)

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

    def _paths(self, served_port: int, host: str) -> Iterable[Paths]:
        """The paths of every hostname that matches, the most specific first."""
        listeners = self._ports.get(served_port)
        routes = listeners.best(host) if listeners is not None else None
        return routes.matching(host) if routes is not None else ()
