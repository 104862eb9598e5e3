"""Listeners: which ones Turnout can serve, for which routes and at which port."""

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from turnout.resources.document import Document
from turnout.resources.gateway import Gateway, Listener, RouteGroupKind
from turnout.translate.certificates import KeyPairs, Keyring, key_pairs
from turnout.translate.conditions import Condition, Stamp, entries, met, stamped, unmet
from turnout.translate.conflicts import Conflict, protocol_conflicts
from turnout.translate.facts import Facts

HTTP_ROUTE = RouteGroupKind(kind="HTTPRoute")
SPOKEN = ("HTTP", "HTTPS")
NO_KEYS = Keyring()


class OpenListener(Struct, frozen=True):
    """A listener as Turnout sees it.

    `spoken`: its protocol is one of ours, so routes may attach. `unavailable` is the reason for which its port cannot
    be bound, else empty. `kinds` are the route kinds that may attach. `conflict` is None where it is distinct. `pairs`
    are its certificates. `unserved` names what it is asked for and Turnout does not do, else empty.
    """

    spec: Listener
    served_port: int
    spoken: bool
    unavailable: str
    kinds: tuple[RouteGroupKind, ...]
    conflict: Conflict | None = None
    pairs: KeyPairs = KeyPairs()
    unserved: str = ""

    @property
    def hostname(self) -> str:
        """The hostname, empty for every host."""
        return self.spec.hostname or ""

    @property
    def amiss(self) -> str:
        """The spec's reason for which it is not valid, else empty."""
        reasons = (
            one.reason for one in _conditions(self, "") if one.type in ("Accepted", "ResolvedRefs") and not one.holds
        )
        return next(reasons, "")

    @property
    def serves(self) -> bool:
        """Whether requests can come in by it."""
        return self.listed and not self.unavailable

    @property
    def listed(self) -> bool:
        """Whether it is in the table. One whose port cannot be bound is, so that it is served once the port is free."""
        return self.spoken and self.conflict is None and not self.unserved and not self.bare

    @property
    def bare(self) -> bool:
        """Whether it is to be served with TLS, and no certificate is there for it."""
        return self.spec.protocol == "HTTPS" and not self.pairs.certificates


def open_listeners(
    gateway: Gateway, main_port: int | None, facts: Facts, keyring: Keyring = NO_KEYS
) -> tuple[OpenListener, ...]:
    """The Gateway's listeners. Those at `main_port`, when given, are served at the gateway's own port."""
    among = protocol_conflicts(gateway)
    namespace, unserved = gateway.metadata.namespace, _validated(gateway)
    return tuple(
        replace(
            _open(listener, main_port, among, facts),
            pairs=key_pairs(listener, namespace, keyring),
            unserved=unserved.get(listener.name, ""),
        )
        if listener.protocol == "HTTPS"
        else _open(listener, main_port, among, facts)
        for listener in gateway.spec.listeners
    )


def _validated(gateway: Gateway) -> dict[str, str]:
    """The HTTPS listeners, by name, that are to ask clients for certificates: they would let everybody in."""
    frontend = gateway.spec.tls.frontend if gateway.spec.tls is not None else None
    if frontend is None:
        return {}
    ports = {each.port: (f"perPort[{at}].tls", each.tls) for at, each in enumerate(frontend.per_port)}
    found: dict[str, str] = {}
    for listener in gateway.spec.listeners:
        place, tls = ports.get(listener.port, ("default", frontend.default))
        if tls.validation is not None:
            found[listener.name] = f"spec.tls.frontend.{place}.validation is not supported"
    return found


def first_http_port(gateway: Gateway) -> int | None:
    """The port of the Gateway's first HTTP listener that has it for HTTP alone; None when it has none."""
    among = protocol_conflicts(gateway)
    return next(
        (one.port for one in gateway.spec.listeners if one.protocol == "HTTP" and one.name not in among),
        None,
    )


def _open(listener: Listener, main_port: int | None, among: Mapping[str, Conflict], facts: Facts) -> OpenListener:
    spoken = listener.protocol in SPOKEN
    served_port = facts.gateway_port if listener.protocol == "HTTP" and listener.port == main_port else listener.port
    wanted = listener.allowed_routes.kinds
    return OpenListener(
        spec=listener,
        served_port=served_port,
        spoken=spoken,
        unavailable=facts.unavailable.get(served_port, "") if spoken else "",
        kinds=(HTTP_ROUTE,) if spoken and (not wanted or HTTP_ROUTE in wanted) else (),
        conflict=among.get(listener.name),
    )


def listener_status(listener: OpenListener, attached: int, existing: Document, stamp: Stamp, down: str) -> Document:
    """The entry of `status.listeners`. `down` is why the Gateway itself is not served, else empty."""
    return {
        "name": listener.spec.name,
        "supportedKinds": [{"group": kind.group, "kind": kind.kind} for kind in listener.kinds],
        "attachedRoutes": attached,
        "conditions": stamped(_conditions(listener, down), existing.get("conditions"), stamp),
    }


def existing_listeners(status: Document) -> dict[str, Document]:
    """The entries of `status.listeners` by name."""
    return {str(entry.get("name")): entry for entry in entries(status.get("listeners"))}


def _conditions(listener: OpenListener, down: str) -> tuple[Condition, ...]:
    accepted = _accepted(listener)
    resolved = _resolved(listener)
    if accepted.holds and not down and not listener.bare:
        programmed = met("Programmed", "Programmed", f"Served at port {listener.served_port}")
    else:
        why = down or (resolved.message if accepted.holds else accepted.message)
        programmed = unmet("Programmed", "Invalid", f"Not served: {why}")
    return (accepted, programmed, resolved, _conflicted(listener))


def _resolved(listener: OpenListener) -> Condition:
    faults = listener.pairs.faults
    if faults:
        return unmet("ResolvedRefs", faults[0].reason, "; ".join(dict.fromkeys(one.message for one in faults)))
    if listener.bare and listener.spoken:
        return unmet("ResolvedRefs", "InvalidCertificateRef", "tls.certificateRefs names no certificate")
    unsupported = _unsupported_kinds(listener.spec)
    if unsupported:
        message = (
            f"Route kinds that this listener cannot serve: {', '.join(unsupported)}; only HTTPRoute over HTTP can be"
        )
        return unmet("ResolvedRefs", "InvalidRouteKinds", message)
    return met("ResolvedRefs", "ResolvedRefs", "Every reference is resolved")


def _accepted(listener: OpenListener) -> Condition:
    if not listener.spoken:
        message = f"Protocol {listener.spec.protocol} is not supported: only HTTP and HTTPS are"
        return unmet("Accepted", "UnsupportedProtocol", message)
    if listener.unserved:
        return unmet("Accepted", "UnsupportedValue", listener.unserved)
    if listener.conflict is not None:
        return unmet("Accepted", listener.conflict.reason, listener.conflict.message)
    if listener.unavailable:
        message = f"Port {listener.served_port} cannot be bound: {listener.unavailable}"
        return unmet("Accepted", "PortUnavailable", message)
    return met("Accepted", "Accepted", "The listener is accepted")


def _conflicted(listener: OpenListener) -> Condition:
    if listener.conflict is None:
        return unmet("Conflicted", "NoConflicts", "No listener conflicts")
    return met("Conflicted", listener.conflict.reason, listener.conflict.message)


def _unsupported_kinds(listener: Listener) -> tuple[str, ...]:
    return tuple(f"{kind.group}/{kind.kind}" for kind in listener.allowed_routes.kinds if kind != HTTP_ROUTE)
