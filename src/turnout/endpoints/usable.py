"""When an endpoint that failed here may be tried again."""

from turnout.endpoints.endpoint import Endpoint

RETRY_SECONDS = 1.0


def usable(endpoint: Endpoint, failed_at: float | None, now: float) -> bool:
    """Whether the endpoint may be picked: ready, and not known to be worse than that.

    An endpoint that could not be reached at `failed_at` is out until the scraper found it ready after that, or until
    RETRY_SECONDS have passed: without a scraper it must come back too. Times are CLOCK_MONOTONIC seconds.
    """
    if not endpoint.ready:
        return False
    return failed_at is None or endpoint.checked > failed_at or now - failed_at >= RETRY_SECONDS
