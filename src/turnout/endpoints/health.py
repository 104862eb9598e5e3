"""Whether an endpoint is ready: `/health`, or an accepted connection where the engine has no such path.

Failure or status ──► after_probe(health) ──► health
"""

from enum import Enum

from msgspec import Struct

SILENCES = 3
"""Checks in a row that a ready endpoint may leave unanswered, as Kubernetes' failureThreshold: an engine whose event
loop is busy with a long prompt answers late, and taking it out hands its load to others that are as busy."""
_NO_SUCH_PATH = 501


class Failure(Enum):
    """Why a probe got no answer."""

    UNREACHABLE = "no connection"
    BROKEN = "the connection broke, or what came is no HTTP"
    SILENT = "connected, but no answer in time"


class Health(Struct, frozen=True):
    """`checked` is the CLOCK_MONOTONIC second at which the probe that found `ready` out began.

    `silences` counts the probes without an answer since then.
    """

    ready: bool = False
    checked: float = 0.0
    silences: int = 0


NEW = Health()


def after_probe(health: Health, outcome: Failure | int, began: float) -> Health:
    """The health once a probe of the health path that began at `began` ended in a failure or an HTTP status.

    Any status but 5xx shows a server that serves: 404 and 405 are engines without the path, 401 and 403 ones that
    want a key. 501 says like 404 that there is no such thing.
    """
    if outcome is Failure.SILENT and health.ready and health.silences + 1 < SILENCES:
        return Health(ready=True, checked=health.checked, silences=health.silences + 1)
    if isinstance(outcome, Failure):
        return Health(ready=False, checked=began)
    return Health(ready=outcome < 500 or outcome == _NO_SUCH_PATH, checked=began)
