"""What a worker serves with: the table that new requests begin with, the endpoints, and what it remembers of both."""

from asyncio import AbstractEventLoop
from collections.abc import Callable, Generator, Mapping
from random import random
from time import monotonic
from typing import Protocol

from turnout.channels.sightings import Sightings
from turnout.endpoints import Endpoint
from turnout.endpoints.outlier import Outliers
from turnout.proxy.alarms import Alarms
from turnout.proxy.connections import Connections, Server
from turnout.proxy.doors import Doors
from turnout.proxy.entrances import Entrances
from turnout.proxy.known_pools import USUAL, KnownPool, Tolerance, tolerances
from turnout.proxy.limits import Limits
from turnout.proxy.mirror import Mirrors
from turnout.proxy.observer import Observer
from turnout.proxy.request import Request
from turnout.proxy.view import View
from turnout.routing import Builder, Index
from turnout.table import RoutingTable
from turnout.telemetry.record import Record


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


class State:
    """One worker's. `held` are the bytes of bodies that came in more than one read, see `Limits.bodies`.

    `view` is replaced whole between requests; `sink` gets the record of every request.
    """

    __slots__ = (
        "_builder",
        "_pools",
        "_tolerances",
        "alarms",
        "clock",
        "column",
        "connections",
        "dice",
        "doors",
        "draining",
        "endpoints",
        "entrances",
        "held",
        "in_flight",
        "limits",
        "loop",
        "mirrors",
        "observer",
        "outliers",
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
        self.loop = loop
        self.alarms = Alarms(loop)
        self.connections = Connections(loop, self.limits)
        self.view = View.of(RoutingTable(), 0)
        self.doors = Doors(RoutingTable())
        self.entrances = Entrances()
        self._builder = Builder()
        self.endpoints: Mapping[str, tuple[Endpoint, ...]] = {}
        self._pools: dict[str, KnownPool] = {}
        self._tolerances: dict[str, Tolerance] = {}
        self.outliers = Outliers()
        self.sessions: set[Session] = set()
        self.streams = 0
        self.held = 0
        self.draining = False
        self.clock = monotonic
        self.dice = random
        self.observer = Observer(self.clock, sightings)
        self.mirrors = Mirrors()

    def swap(self, table: RoutingTable, version: int) -> None:
        """Requests that begin from here on use `table`."""
        for _ in self.swapping(table, version):
            pass

    def swapping(self, table: RoutingTable, version: int) -> Generator[None, None, None]:
        """`swap` in small steps: requests that begin between two of them use the table before. One at a time."""
        entrances = yield from self.entrances.build(table)
        ports = yield from self._builder.build(table)
        view = View.of(table, version, self.view, Index(ports))
        view.watched = self.observer.watch(RoutingTable(routes=view.watching))
        self.mirrors.keep(RoutingTable(routes=view.mirroring))
        if table.pools is not self.view.table.pools:
            self._bear(tolerances(table.pools))
        self.view = view
        self.doors = Doors(table)
        self.entrances.swap(entrances)

    def let_go(self, request: Request) -> None:
        """The body that came so far is held no more."""
        self.held -= request.held
        request.held = 0

    def server(self, pool: str, endpoint: Endpoint) -> Server | None:
        """The server behind an endpoint of a pool (its key), to be spoken to as the newest table says.

        None where that does not say how: it has not come yet.
        """
        credentials = self.doors.to(pool, endpoint)
        return self.connections.server(endpoint.address, credentials) if credentials is not None else None

    def pool(self, key: str) -> KnownPool | None:
        """The pool of that key as its endpoints are now; None where it has none."""
        endpoints = self.endpoints.get(key)
        known = self._pools.get(key)
        if endpoints is None:
            return None
        outliers = self.outliers
        if known is None or known.endpoints is not endpoints or known.version != outliers.version:
            tolerance = self._tolerances.get(key, USUAL)
            standings = outliers.standings
            left = outliers.eligible(endpoints, self.clock(), tolerance.outlier) if standings else endpoints
            known = self._pools[key] = KnownPool(endpoints, left, outliers.version, tolerance, known)
        return known

    def _bear(self, found: dict[str, Tolerance]) -> None:
        """The pools bear this from here on."""
        before, self._tolerances = self._tolerances, found
        for key, known in self._pools.items():
            if found.get(key) != before.get(key):
                known.version = -1  # it is made anew when it is next asked for

    def sweep(self) -> None:
        """Closes what is idle, ends what is quiet, forgets what is old. Due every SWEEP seconds."""
        now = self.clock()
        self.connections.sweep(now)
        self.mirrors.sweep()
        for session in list(self.sessions):
            session.sweep(now)
        for key in [key for key in self._pools if key not in self.endpoints]:
            del self._pools[key]
        for known in self._pools.values():
            known.budget.mark(now)
        self.outliers.forget(now, {each.address for pool in self.endpoints.values() for each in pool})
