"""Deadlines of many requests without a timer for any of them."""

from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")

TICK = 0.1
"""Seconds: what falls due within one tick comes out together, once the tick is over."""


class Deadlines(Generic[T]):
    """A timer wheel that is turned by `due`. Nothing is taken out before its time: what is over by then says so."""

    __slots__ = ("_next", "_ticks")

    def __init__(self, now: float) -> None:
        self._next = int(now / TICK)
        self._ticks: dict[int, list[T]] = {}

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return not self._ticks

    def add(self, time: float, item: T) -> None:
        """`item` is due at `time`."""
        tick = max(self._next, int(time / TICK))
        waiting = self._ticks.get(tick)
        if waiting is None:
            self._ticks[tick] = [item]
        else:
            waiting.append(item)

    def due(self, now: float) -> Iterator[T]:
        """Takes out everything whose tick is over: its time has passed, by less than one tick and one call."""
        end = int(now / TICK)
        if end - self._next > len(self._ticks):
            over = sorted(tick for tick in self._ticks if tick < end)
        else:
            over = [tick for tick in range(self._next, end) if tick in self._ticks]
        self._next = max(self._next, end)
        for tick in over:
            yield from self._ticks.pop(tick)
