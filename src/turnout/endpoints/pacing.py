"""How often model servers are asked: as often as helps, and never for more than a quarter of one core."""

from math import floor

SHARE = 0.25
"""Of one core, for all scraping."""
SCRAPE_SECONDS = 0.05
HEALTH_SECONDS = 0.5
RETURN_SECONDS = 0.2
"""Between two looks at an endpoint that is not ready: it must be back within a second of its restart."""
GROUP = 16
"""Endpoints that are asked at the same moments. To wake up for each one by itself takes several times the work of
asking; more at once would keep what else wants the core waiting."""
_GOLDEN = (5**0.5 - 1) / 2
_EARLY = 0.1
"""Of an interval: a timer that rings so much before its beat has rung for it."""


def scrape_interval(cpu_per_cycle: float) -> float:
    """Seconds from one scrape of an endpoint to its next, when one scrape of all costs `cpu_per_cycle` CPU seconds."""
    return max(SCRAPE_SECONDS, cpu_per_cycle / SHARE)


def phase(place: int) -> float:
    """The part of an interval, 0 to 1, by which the beats of the endpoint at `place` are late: its group's.

    However many groups there are, they are about evenly spread (the multiples of the golden ratio).
    """
    return place // GROUP * _GOLDEN % 1.0


def until_beat(now: float, interval: float, late: float) -> float:
    """Seconds from `now` to the next beat that is not due just now: a tenth of an interval to eleven tenths.

    Beats are the multiples of `interval`, later by the part `late` of it. Who keeps the same ones is awake together.
    """
    shift = late * interval
    passed = floor((now - shift) / interval + _EARLY)
    return (passed + 1) * interval + shift - now


def health_interval(interval: float, *, ready: bool, silent: bool) -> float:
    """Seconds from one health check to the next, when scrapes are `interval` apart.

    An endpoint that did not answer the last time is asked again at once. A stretched interval stretches these too:
    they are paid from the same share.
    """
    if not ready:
        return max(RETURN_SECONDS, interval)
    return interval if silent else max(HEALTH_SECONDS, 2 * interval)
