"""Tables on their way to being served: built a little at a time, between requests."""

import logging
from asyncio import AbstractEventLoop
from collections.abc import Callable, Generator
from time import monotonic

from turnout.proxy.state import State
from turnout.table import RoutingTable

log = logging.getLogger("turnout.proxy")

SLICE = 0.002
"""Seconds that building may take at a stretch."""
REST = 0.001
"""Seconds between two stretches while requests are being served."""


class Swapper:
    """`served` is called with a version once requests begin with it: the newest given, and maybe some of the others."""

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

    def take(self, table: RoutingTable, version: int) -> None:
        """Serves `table`: at once where little has changed, else as soon as it is built. Of several the newest."""
        self._next = table, version
        if self._steps is None:
            self._go_on()

    def _go_on(self) -> None:
        until = self._clock() + SLICE
        while self._steps is not None or self._next is not None:
            if self._steps is None and self._next is not None:
                (table, self._version), self._next = self._next, None
                self._steps = self._state.swapping(table, self._version)
            try:
                done = self._step(until)
            except ValueError:
                # The controller refuses what cannot be built: this is our fault, and no reason to serve nothing.
                log.exception("table %d cannot be built: the one before stays", self._version)
                self._steps = None
                continue
            if not done:
                self._loop.call_later(REST if self._state.view.version else 0.0, self._go_on)
                return
            self._steps = None
            self._served(self._version)

    def _step(self, until: float) -> bool:
        """Builds until then; returns whether it is done."""
        assert self._steps is not None
        return all(self._clock() < until for _ in self._steps)
