"""What translation must be told beside the resources."""

from msgspec import Struct


class Facts(Struct, frozen=True, kw_only=True):
    """`gateway_port` is where the first HTTP listener is served, `unavailable` the ports that cannot be bound and why.

    `address` is what listeners are served on. `now` is RFC 3339 text, for `lastTransitionTime`.
    """

    gateway_port: int
    now: str
    controller_name: str = "turnout.dev/gateway"
    address: str = "127.0.0.1"
    unavailable: dict[int, str] = {}
