"""How many requests may be sent a second time: a share of what there is to do, so that retries never become the load.

Words of Gateway API's `XBackendTrafficPolicy.retryConstraint`: `budget.percent`, `budget.interval`, `minRetryRate`.
"""

from collections import deque
from itertools import takewhile

from msgspec import Struct


class RetrySettings(Struct, frozen=True):
    """Retries are at most `percent` of the requests of the last `interval` seconds.

    `min_count` in any `min_interval` seconds are always free.
    """

    percent: float = 20.0
    interval: float = 10.0
    min_count: int = 10
    min_interval: float = 1.0


class RetryBudget:
    """One pool's. `requests` counts all that began: whoever begins one adds to it."""

    __slots__ = ("_marks", "_retries", "_settings", "requests")

    def __init__(self, settings: RetrySettings | None = None) -> None:
        self.requests = 0
        self._settings = settings or RetrySettings()
        self._marks: deque[tuple[float, int]] = deque()
        self._retries: deque[float] = deque()

    def mark(self, now: float) -> None:
        """Notes how many requests there were by now. Due every second or so; the interval is as exact as that."""
        before = now - self._settings.interval
        marks = self._marks
        marks.append((now, self.requests))
        while len(marks) > 1 and marks[1][0] <= before:
            marks.popleft()

    def take(self, now: float) -> bool:
        """Whether one more retry may be, which is then counted."""
        settings, retries = self._settings, self._retries
        while retries and retries[0] <= now - settings.interval:
            retries.popleft()
        just = now - settings.min_interval
        recent = sum(1 for _ in takewhile(lambda at: at > just, reversed(retries)))
        marks = self._marks
        # The first mark is the only one that may be older than the interval.
        first = marks[0][1] if marks and marks[0][0] <= now - settings.interval else 0
        if recent >= settings.min_count and len(retries) + 1 > (self.requests - first) * settings.percent / 100:
            return False
        retries.append(now)
        return True
