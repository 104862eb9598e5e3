"""Tables on their way to being served: built a little at a time, between requests."""

import logging
from asyncio import AbstractEventLoop, TimerHandle
from collections.abc import Callable, Generator, Sequence
from time import monotonic

from turnout.endpoints import Endpoint
from turnout.proxy.state import State
from turnout.table import RoutingTable

log = logging.getLogger("turnout.proxy")

SLICE = 0.002
"""Seconds that building may take at a stretch."""
REST = 0.001
"""Seconds between two stretches while requests are being served."""
PATIENCE = 0.3
"""Seconds that a table with a new pool waits for the scraper to have looked at that pool's endpoints."""


class Swapper:
    """`served` is called with a version once requests begin with it: the newest given, and maybe some of the others.

    A table that brings a pool is held back for a moment if its endpoints are not known yet: its share would be
    answered 503.
    """

    def __init__(
        self,
        state: State,
        loop: AbstractEventLoop,
        served: Callable[[int], None],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._state = state
        self._loop = loop
        self._served = served
        self._clock = clock
        self._next: tuple[RoutingTable, int] | None = None
        self._steps: Generator[None, None, None] | None = None
        self._version = 0
        self._known: set[str] = set()
        self._alarm: TimerHandle | None = None

    def take(self, table: RoutingTable, version: int) -> None:
        """Serves `table`: at once where little has changed, else as soon as it is built. Of several the newest."""
        self._next = table, version
        if self._steps is None:
            self._begin()

    def look(self) -> None:
        """The scraper has told of endpoints: what waits for them may go on."""
        if self._alarm is not None:
            self._begin()

    def _begin(self) -> None:
        """Begins with what is next, unless it is better to wait."""
        assert self._next is not None
        table, _ = self._next
        new = table.pools.keys() - self._known
        if new and self._state.view.version and any(_unseen(self._state.endpoints.get(key)) for key in new):
            if self._alarm is None:
                self._alarm = self._loop.call_later(PATIENCE, self._insist)
            return
        self._insist()

    def _insist(self) -> None:
        """Begins with what is next."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        assert self._next is not None
        (table, self._version), self._next = self._next, None
        self._known = set(table.pools)
        self._steps = self._state.swapping(table, self._version)
        self._go_on()

    def _go_on(self) -> None:
        try:
            done = self._step(self._clock() + SLICE)
        except ValueError:
            # The controller refuses what cannot be built: this is our fault, and no reason to serve nothing.
            log.exception("table %d cannot be built: the one before stays", self._version)
            self._steps = None
        else:
            if not done:
                self._loop.call_later(REST if self._state.view.version else 0.0, self._go_on)
                return
            self._steps = None
            self._served(self._version)
        if self._next is not None:
            self._begin()

    def _step(self, until: float) -> bool:
        """Builds until then; returns whether it is done."""
        assert self._steps is not None
        return all(self._clock() < until for _ in self._steps)


def _unseen(endpoints: Sequence[Endpoint] | None) -> bool:
    return endpoints is None or not all(each.ready or each.checked for each in endpoints)
