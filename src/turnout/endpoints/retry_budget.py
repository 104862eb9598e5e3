"""How many requests may be sent a second time: a share of what there is to do, so that retries never become the load.

Words of Gateway API's `XBackendTrafficPolicy.retryConstraint`: `budget.percent`, `budget.interval`, `minRetryRate`.
"""

from collections import deque

from msgspec import Struct


class RetrySettings(Struct, frozen=True):
    """Retries are at most `percent` of the requests of the last `interval` seconds.

    `min_count` in any `min_interval` seconds are always free.
    """

    percent: float = 20.0
    interval: float = 10.0
    min_count: int = 10
    min_interval: float = 1.0


DEFAULT = RetrySettings()


class RetryBudget:
    """One pool's. `requests` counts all that began: whoever begins one adds to it. `settings` may be replaced."""

    __slots__ = ("_just", "_marks", "_retries", "requests", "settings")

    def __init__(self, settings: RetrySettings = DEFAULT) -> None:
        self.requests = 0
        self.settings = settings
        self._marks: deque[tuple[float, int]] = deque()
        self._retries: deque[float] = deque()  # of the last interval
        self._just: deque[float] = deque()  # of the last min_interval

    def mark(self, now: float) -> None:
        """Notes how many requests there were by now. Due every second or so; the interval is as exact as that."""
        before = now - self.settings.interval
        marks = self._marks
        marks.append((now, self.requests))
        while len(marks) > 1 and marks[1][0] <= before:
            marks.popleft()

    def take(self, now: float) -> bool:
        """Whether one more retry may be, which is then counted."""
        settings, retries, just, marks = self.settings, self._retries, self._just, self._marks
        before = now - settings.interval
        _forget(retries, before)
        _forget(just, now - settings.min_interval)
        # The first mark is the only one that may be older than the interval.
        first = marks[0][1] if marks and marks[0][0] <= before else 0
        allowed = (self.requests - first) * settings.percent / 100
        if len(just) >= settings.min_count and len(retries) + 1 > allowed:
            return False
        retries.append(now)
        just.append(now)
        return True


def _forget(times: deque[float], before: float) -> None:
    while times and times[0] <= before:
        times.popleft()
