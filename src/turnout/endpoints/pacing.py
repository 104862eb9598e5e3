"""How often model servers are asked: as often as helps, and never for more than a quarter of one core."""

SHARE = 0.25
"""Of one core, for all scraping."""
SCRAPE_SECONDS = 0.05
HEALTH_SECONDS = 0.5
RETURN_SECONDS = 0.2
"""Between two looks at an endpoint that is not ready: it must be back within a second of its restart."""


def scrape_interval(cpu_per_cycle: float) -> float:
    """Seconds from one scrape of an endpoint to its next, when one scrape of all costs `cpu_per_cycle` CPU seconds."""
    return max(SCRAPE_SECONDS, cpu_per_cycle / SHARE)


def health_interval(interval: float, *, ready: bool, silent: bool) -> float:
    """Seconds from one health check to the next, when scrapes are `interval` apart.

    An endpoint that did not answer the last time is asked again at once. A stretched interval stretches these too:
    they are paid from the same share.
    """
    if not ready:
        return max(RETURN_SECONDS, interval)
    return interval if silent else max(HEALTH_SECONDS, 2 * interval)
