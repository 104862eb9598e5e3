"""A version of the table, compiled: the rule that serves a request, with all that its requests need."""

from turnout.proxy.watched import Watched, mixed
from turnout.routing import Asked, Index, Sequence, Shortlist, Target, carry
from turnout.table import Backend, RoutingTable, Split

FOUND = 1024
"""Requests (port, host, path) whose plan is known without a look into the index: clients ask for the same few."""


class Arm:
    """A backend of a plan. `key` is its pool's, `line` the header line that names the pool."""

    __slots__ = ("backend", "key", "line")

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.key = backend.ref.key
        self.line = b"x-turnout-pool: %b\r\n" % backend.ref.name.encode()


class Plan:
    """A rule of one view with all that its requests need worked out once. `route` is the route's key.

    `watched` is None where no rollout watches; `mix` tells the rule's keys from those of others.
    """

    __slots__ = ("_arms", "mix", "route", "rule", "sequence", "splitter", "target", "watched")

    def __init__(self, target: Target, sequence: Sequence, watched: Watched | None = None) -> None:
        self.target = target
        self.splitter = target.splitter
        self.sequence = sequence
        self.route = target.route.ref.key
        self.rule = target.rule.name
        self.watched = watched
        self.mix = mixed(f"{self.route}/{self.rule}")
        self._arms: dict[int, Arm] = {}

    def arm(self, backend: Backend) -> Arm:
        """The arm of a backend that the rule's splitter or sequence gave out."""
        arm = self._arms.get(id(backend))  # an arm holds its backend, so that no other comes to have its id
        if arm is None:
            arm = self._arms[id(backend)] = Arm(backend)
        return arm


class View:
    """One version of the table, compiled. A request keeps the one that it began with.

    `sequences` are the places of keyless requests, by their split's salt; `watched` the splits that rollouts watch, by
    their identity.
    """

    __slots__ = ("_found", "_plans", "index", "sequences", "version", "watched")

    def __init__(self, version: int, index: Index, sequences: dict[str, Sequence]) -> None:
        self.version = version
        self.index = index
        self.sequences = sequences
        self.watched: dict[int, Watched] = {}
        self._plans: dict[int, Plan] = {}
        self._found: dict[tuple[int, str, str], Shortlist] = {}

    @classmethod
    def of(cls, table: RoutingTable, version: int, old: "View | None" = None) -> "View":
        """The view of `table`. A split that is as it was in `old` keeps its place."""
        sequences: dict[str, Sequence] = {}
        if old is not None and old.sequences:
            for route in table.routes.values():
                for rule in route.rules:
                    past = old.sequences.get(rule.split.salt)
                    if past is not None:
                        sequences[rule.split.salt] = carry(past, rule.split)
        return cls(version, Index.build(table), sequences)

    def plan(self, port: int, host: str, path: str, asked: Asked) -> Plan | None:
        """The plan of the rule that serves the request; None when none does."""
        found = self._found
        key = (port, host, path)
        shortlist = found.get(key)
        if shortlist is None:
            shortlist = self.index.shortlist(port, host, path)
            if shortlist.is_empty:
                return None
            if len(found) >= FOUND:
                found.clear()
            found[key] = shortlist
        target = shortlist.first(asked)
        if target is None:
            return None
        plan = self._plans.get(id(target))  # the index holds its targets
        if plan is None:
            split = target.rule.split
            plan = self._plans[id(target)] = Plan(target, self._sequence(split), self.watched.get(id(split)))
        return plan

    def _sequence(self, split: Split) -> Sequence:
        sequence = self.sequences.get(split.salt)
        if sequence is None:
            sequence = self.sequences[split.salt] = carry(None, split)
        return sequence
