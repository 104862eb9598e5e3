"""What a worker serves with: the table that new requests begin with, the endpoints, and what it remembers of both."""

from asyncio import AbstractEventLoop
from collections.abc import Callable, Mapping
from random import random
from time import monotonic
from typing import Protocol

from turnout.channels.sightings import Sightings
from turnout.endpoints import Endpoint
from turnout.picker import Candidates
from turnout.proxy.connections import Connections
from turnout.proxy.limits import Limits
from turnout.proxy.observer import Observer
from turnout.proxy.watched import Watched, mixed
from turnout.routing import Asked, Index, Sequence, Shortlist, Target, carry
from turnout.table import Backend, RoutingTable, Split
from turnout.telemetry.record import Record

FOUND = 1024
"""Requests (port, host, path) whose plan is known without a look into the index: clients ask for the same few."""
FORGET = 60.0
"""Seconds after which a failed connect no longer says anything."""


class Column(Protocol):
    """The worker's counters of requests in flight."""

    def add(self, slot: int, delta: int) -> None:
        """Counts a request in (+1) or out (-1)."""


class Session(Protocol):
    """An open connection of a client."""

    def sweep(self, now: float) -> None:
        """Looks whether it is idle or quiet for too long."""

    def busy(self) -> bool:
        """Whether a request is being served."""

    def close_idle(self, before: float) -> bool:
        """Closes it if it has waited for a request since before then; says whether it did."""

    def end(self) -> None:
        """Ends what it is doing: the time for draining is over."""


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


class State:
    """One worker's. `view` is replaced whole between requests; `sink` gets the record of every request."""

    __slots__ = (
        "candidates",
        "clock",
        "column",
        "connections",
        "dice",
        "draining",
        "endpoints",
        "failed_at",
        "in_flight",
        "limits",
        "observer",
        "sessions",
        "sink",
        "streams",
        "view",
    )

    def __init__(
        self,
        loop: AbstractEventLoop,
        sink: Callable[[Record], None],
        column: Column,
        in_flight: Callable[[int], int],
        limits: Limits | None = None,
        sightings: Sightings | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self.sink = sink
        self.column = column
        self.in_flight = in_flight
        self.connections = Connections(loop, self.limits)
        self.view = View.of(RoutingTable(), 0)
        self.endpoints: Mapping[str, tuple[Endpoint, ...]] = {}
        self.candidates: dict[str, Candidates] = {}
        self.failed_at: dict[str, float] = {}
        self.sessions: set[Session] = set()
        self.streams = 0
        self.draining = False
        self.clock = monotonic
        self.dice = random
        self.observer = Observer(self.clock, sightings)

    def swap(self, table: RoutingTable, version: int) -> None:
        """Requests that begin from here on use `table`."""
        view = View.of(table, version, self.view)
        view.watched = self.observer.watch(table)
        self.view = view

    def sweep(self) -> None:
        """Closes what is idle, ends what is quiet, forgets what is old. Due every SWEEP seconds."""
        now = self.clock()
        self.connections.sweep(now)
        for session in list(self.sessions):
            session.sweep(now)
        for address, failed in list(self.failed_at.items()):
            if now - failed > FORGET:
                del self.failed_at[address]
