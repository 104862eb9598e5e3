"""How late a worker's event loop is: a timer that looks when it was due and when it came."""

from asyncio import AbstractEventLoop, TimerHandle

from turnout.telemetry.buckets import LAG, Spread

LOOK = 0.01
"""Seconds between two looks: a stall that is longer is never missed."""


class LoopLag:
    """Measures from `start` to `stop`."""

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop = loop
        self._spread = Spread(LAG)
        self._longest = 0.0
        self._due = 0.0
        self._timer: TimerHandle | None = None

    def start(self) -> None:
        """Looks every LOOK seconds from here on."""
        self._due = self._loop.time() + LOOK
        self._timer = self._loop.call_at(self._due, self._look)

    def stop(self) -> None:
        """Looks no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def take(self) -> tuple[tuple[dict[int, int], float], float]:
        """The lags since the last time, by bucket and in sum, and the longest. They are gone from here then."""
        spread, longest = self._spread, self._longest
        self._spread, self._longest = Spread(LAG), 0.0
        return (spread.counts, spread.total), longest

    def _look(self) -> None:
        loop = self._loop
        now = loop.time()
        lag = max(0.0, now - self._due)
        self._spread.add(lag)
        self._longest = max(self._longest, lag)
        self._due = now + LOOK
        self._timer = loop.call_at(self._due, self._look)
