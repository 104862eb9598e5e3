"""One endpoint: an IP:PORT that serves models."""

from msgspec import Struct


class Endpoint(Struct, frozen=True):
    """What the scraper last knew of an endpoint.

    `slot` is its row in the shared in-flight counters. `checked` is the CLOCK_MONOTONIC second at which `ready` was
    found out. `waiting` and `running` are requests, `kv_usage` a share of 0 to 1; None is unknown, not unhealthy.
    `secured`: it is spoken to with TLS or a key, and never without.
    """

    name: str
    address: str
    slot: int
    ready: bool
    checked: float
    waiting: float | None = None
    running: float | None = None
    kv_usage: float | None = None
    secured: bool = False
