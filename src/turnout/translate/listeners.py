"""Listeners: which ones Turnout can serve, for which routes and at which port."""

from collections.abc import Mapping

from msgspec import Struct

from turnout.resources.document import Document
from turnout.resources.gateway import Gateway, Listener, RouteGroupKind
from turnout.translate.conditions import Condition, Stamp, entries, met, stamped, unmet
from turnout.translate.conflicts import Conflict, protocol_conflicts
from turnout.translate.facts import Facts

HTTP_ROUTE = RouteGroupKind(kind="HTTPRoute")


class OpenListener(Struct, frozen=True):
    """A listener as Turnout sees it.

    `spoken`: its protocol is one of ours, so routes may attach. `unavailable` is the reason for which its port cannot
    be bound, else empty. `kinds` are the route kinds that may attach. `conflict` is None where it is distinct.
    """

    spec: Listener
    served_port: int
    spoken: bool
    unavailable: str
    kinds: tuple[RouteGroupKind, ...]
    conflict: Conflict | None = None

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
        return self.spoken and self.conflict is None


def open_listeners(gateway: Gateway, main_port: int | None, facts: Facts) -> tuple[OpenListener, ...]:
    """The Gateway's listeners. Those at `main_port`, when given, are served at the gateway's own port."""
    among = protocol_conflicts(gateway)
    return tuple(_open(listener, main_port, among, facts) for listener in gateway.spec.listeners)


def first_http_port(gateway: Gateway) -> int | None:
    """The port of the Gateway's first HTTP listener that has it for HTTP alone; None when it has none."""
    among = protocol_conflicts(gateway)
    return next(
        (one.port for one in gateway.spec.listeners if one.protocol == "HTTP" and one.name not in among),
        None,
    )


def _open(listener: Listener, main_port: int | None, among: Mapping[str, Conflict], facts: Facts) -> OpenListener:
    spoken = listener.protocol == "HTTP"
    served_port = facts.gateway_port if spoken and listener.port == main_port else listener.port
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
    if accepted.holds and not down:
        programmed = met("Programmed", "Programmed", f"Served at port {listener.served_port}")
    else:
        programmed = unmet("Programmed", "Invalid", f"Not served: {down or accepted.message}")
    unsupported = _unsupported_kinds(listener.spec)
    if unsupported:
        message = (
            f"Route kinds that this listener cannot serve: {', '.join(unsupported)}; only HTTPRoute over HTTP can be"
        )
        resolved = unmet("ResolvedRefs", "InvalidRouteKinds", message)
    else:
        resolved = met("ResolvedRefs", "ResolvedRefs", "Every reference is resolved")
    return (accepted, programmed, resolved, _conflicted(listener))


def _accepted(listener: OpenListener) -> Condition:
    if not listener.spoken:
        message = f"Protocol {listener.spec.protocol} is not supported: only HTTP is"
        return unmet("Accepted", "UnsupportedProtocol", message)
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
