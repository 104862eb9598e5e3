"""Conflicted listeners: those that no request could be told to be meant for (Gateway API, "Distinct Listeners").

Gateways share one address, so the rules hold across them too. Within one Gateway no conflicted listener wins. Across
Gateways the older one keeps what it has (as for ListenerSets, GEP-1713): nobody else's Gateway can take it away.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from turnout.resources.gateway import Gateway, Listener

FAMILIES = {"HTTP": "plain", "HTTPS": "tls", "TLS": "tls"}
"""How a connection begins: one port has one. Protocols that are not here are never served (the spec exempts them)."""


class Conflict(Struct, frozen=True):
    """Why a listener is not distinct. `reason` is the spec's."""

    reason: str
    message: str


class Claim(Struct, frozen=True):
    """What one listener of Gateway `gateway` wants: every request for `hostname` at `port`."""

    gateway: str
    name: str
    protocol: str
    port: int
    hostname: str

    def __str__(self) -> str:
        return f"listener {self.name} of Gateway {self.gateway}"


def protocol_conflicts(gateway: Gateway) -> dict[str, Conflict]:
    """The listeners of one Gateway that share a port with another way to begin a connection, by name."""
    families: dict[int, set[str]] = {}
    for listener in gateway.spec.listeners:
        families.setdefault(listener.port, set()).update(_family(listener))
    return {
        listener.name: Conflict("ProtocolConflict", f"Port {listener.port} cannot be with TLS and without")
        for listener in gateway.spec.listeners
        if _family(listener) and len(families[listener.port]) > 1
    }


def conflicts(claims: Iterable[Claim]) -> Mapping[tuple[str, str], Conflict]:
    """The claims that an earlier one leaves no room for, by (Gateway, listener). `claims`: the oldest first."""
    ports: dict[int, Claim] = {}
    hosts: dict[tuple[int, str], Claim] = {}
    found: dict[tuple[str, str], Conflict] = {}
    for claim in claims:
        first = ports.setdefault(claim.port, claim)
        if FAMILIES.get(first.protocol) != FAMILIES.get(claim.protocol):
            message = f"Port {claim.port} is {first.protocol} already: {first}"
            found[claim.gateway, claim.name] = Conflict("ProtocolConflict", message)
            continue
        owner = hosts.setdefault((claim.port, claim.hostname), claim)
        if owner is not claim:
            what = f"Port {claim.port} with hostname {claim.hostname}" if claim.hostname else f"Port {claim.port}"
            found[claim.gateway, claim.name] = Conflict("HostnameConflict", f"{what} is taken already: {owner}")
    return found


def _family(listener: Listener) -> set[str]:
    family = FAMILIES.get(listener.protocol)
    return {family} if family is not None else set()
