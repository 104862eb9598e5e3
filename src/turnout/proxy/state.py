"""What a worker serves with: the table that new requests begin with, the endpoints, and what it remembers of both."""

from asyncio import AbstractEventLoop
from collections.abc import Callable, Generator, Mapping, Sequence
from random import random
from time import monotonic
from typing import Protocol

from turnout.channels.sightings import Sightings
from turnout.endpoints import Endpoint
from turnout.picker import Candidates, PrefixIndex
from turnout.proxy.alarms import Alarms
from turnout.proxy.connections import Connections
from turnout.proxy.limits import Limits
from turnout.proxy.mirror import Mirrors
from turnout.proxy.observer import Observer
from turnout.proxy.view import View
from turnout.routing import Builder, Index
from turnout.table import RoutingTable
from turnout.telemetry.record import Record

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


class KnownPool:
    """A pool's endpoints as requests choose among them, and what their prefix caches are taken to hold."""

    __slots__ = ("candidates", "prefixes")

    def __init__(self, endpoints: Sequence[Endpoint], prefixes: PrefixIndex) -> None:
        self.prefixes = prefixes
        self.candidates = Candidates(endpoints, bits=prefixes.admit([each.address for each in endpoints]))


class State:
    """One worker's. `view` is replaced whole between requests; `sink` gets the record of every request."""

    __slots__ = (
        "_builder",
        "_pools",
        "alarms",
        "clock",
        "column",
        "connections",
        "dice",
        "draining",
        "endpoints",
        "failed_at",
        "in_flight",
        "limits",
        "loop",
        "mirrors",
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
        self.loop = loop
        self.alarms = Alarms(loop)
        self.connections = Connections(loop, self.limits)
        self.view = View.of(RoutingTable(), 0)
        self._builder = Builder()
        self.endpoints: Mapping[str, tuple[Endpoint, ...]] = {}
        self._pools: dict[str, KnownPool] = {}
        self.failed_at: dict[str, float] = {}
        self.sessions: set[Session] = set()
        self.streams = 0
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
        ports = yield from self._builder.build(table)
        view = View.of(table, version, self.view, Index(ports))
        view.watched = self.observer.watch(RoutingTable(routes=view.watching))
        self.mirrors.keep(RoutingTable(routes=view.mirroring))
        self.view = view

    def pool(self, key: str) -> KnownPool | None:
        """The pool of that key as its endpoints are now; None where it has none."""
        endpoints = self.endpoints.get(key)
        known = self._pools.get(key)
        if endpoints is None:
            return None
        if known is None:
            known = self._pools[key] = KnownPool(endpoints, PrefixIndex())
        elif known.candidates.endpoints is not endpoints:
            known = self._pools[key] = KnownPool(endpoints, known.prefixes)
        return known

    def sweep(self) -> None:
        """Closes what is idle, ends what is quiet, forgets what is old. Due every SWEEP seconds."""
        now = self.clock()
        self.connections.sweep(now)
        self.mirrors.sweep()
        for session in list(self.sessions):
            session.sweep(now)
        for address, failed in list(self.failed_at.items()):
            if now - failed > FORGET:
                del self.failed_at[address]
        for key in [key for key in self._pools if key not in self.endpoints]:
            del self._pools[key]
