"""Gateways of our classes: their listeners, where these are served, and their status."""

from collections.abc import Mapping
from ipaddress import ip_address

from msgspec import Struct

from turnout.resources.document import Document
from turnout.resources.gateway import Gateway
from turnout.resources.kinds import GATEWAY_GROUP
from turnout.resources.set import ResourceSet
from turnout.table import Listener, ObjectRef
from turnout.translate.conditions import Condition, Stamp, met, stamped, unmet
from turnout.translate.facts import Facts
from turnout.translate.gateway_classes import accepted, our_classes
from turnout.translate.listeners import (
    OpenListener,
    existing_listeners,
    first_http_port,
    listener_status,
    open_listeners,
)


class OpenGateway(Struct, frozen=True):
    """A Gateway of ours. `refused` is why nothing of it is served, else None."""

    gateway: Gateway
    refused: Condition | None
    listeners: tuple[OpenListener, ...]

    @property
    def ref(self) -> ObjectRef:
        """Its name in the table."""
        return ObjectRef(GATEWAY_GROUP, "Gateway", self.gateway.metadata.namespace, self.gateway.metadata.name)


def open_gateways(resources: ResourceSet, facts: Facts) -> dict[str, OpenGateway]:
    """The Gateways of our classes by key, the oldest first (then by key).

    The first HTTP listener of the first that is not refused is served at the gateway's own port, and with it the other
    HTTP listeners that share its port in that Gateway: they are one socket, told apart by hostname. All others are
    served at their own ports; listeners of several Gateways that meet at a port there serve side by side.
    """
    classes = {name: accepted(one) for name, one in our_classes(resources, facts).items()}
    ours = sorted(
        (gateway for gateway in resources.gateways.values() if gateway.spec.gateway_class_name in classes),
        key=lambda gateway: (gateway.metadata.creation_timestamp, gateway.key),
    )
    found: dict[str, OpenGateway] = {}
    waiting = True
    for gateway in ours:
        refused = _refused(gateway, classes[gateway.spec.gateway_class_name], facts)
        main_port = first_http_port(gateway) if waiting and refused is None else None
        waiting = waiting and main_port is None
        found[gateway.key] = OpenGateway(gateway, refused, open_listeners(gateway, main_port, facts))
    return found


def table_listeners(
    gateways: Mapping[str, OpenGateway], attached: Mapping[tuple[str, str], tuple[str, ...]]
) -> tuple[Listener, ...]:
    """The table's listeners. `attached`: the route keys of each (Gateway key, listener name), sorted.

    One whose port cannot be bound is among them, so that the port stays wanted and is served once it is free.
    """
    return tuple(
        Listener(
            gateway=gateway.ref,
            name=listener.spec.name,
            port=listener.spec.port,
            served_port=listener.served_port,
            hostname=listener.hostname,
            routes=attached.get((key, listener.spec.name), ()),
        )
        for key, gateway in gateways.items()
        if gateway.refused is None
        for listener in gateway.listeners
        if listener.spoken
    )


def gateway_status(gateway: OpenGateway, attached: Mapping[tuple[str, str], tuple[str, ...]], facts: Facts) -> Document:
    """The whole new status of a Gateway of ours."""
    resource = gateway.gateway
    status = resource.status
    stamp = Stamp(resource.metadata.generation, facts.now)
    existing = existing_listeners(status)
    up = gateway.refused is None
    listeners = [
        listener_status(
            listener,
            len(attached.get((resource.key, listener.spec.name), ())),
            existing.get(listener.spec.name, {}),
            stamp,
            up=up,
        )
        for listener in gateway.listeners
    ]
    return {
        **status,
        "addresses": [{"type": _address_type(facts.address), "value": facts.address}] if up else [],
        "conditions": stamped(_conditions(gateway), status.get("conditions"), stamp),
        "listeners": listeners,
    }


def _refused(gateway: Gateway, of_class: Condition, facts: Facts) -> Condition | None:
    if not of_class.holds:
        message = f"GatewayClass {gateway.spec.gateway_class_name}: {of_class.message}"
        return unmet("Accepted", "InvalidParameters", message)
    infrastructure = gateway.spec.infrastructure
    if infrastructure is not None and infrastructure.parameters_ref is not None:
        return unmet("Accepted", "InvalidParameters", "infrastructure.parametersRef is not supported")
    wanted = [address.value for address in gateway.spec.addresses if address.value not in (None, "", facts.address)]
    if wanted:
        message = f"Cannot be served at {', '.join(map(str, wanted))}: only at {facts.address}"
        return unmet("Accepted", "UnsupportedAddress", message)
    return None


def _conditions(gateway: OpenGateway) -> tuple[Condition, ...]:
    if gateway.refused is not None:
        return (gateway.refused, unmet("Programmed", "Invalid", "The Gateway is not accepted"))
    amiss = [listener.spec.name for listener in gateway.listeners if not listener.valid]
    serves = any(listener.serves for listener in gateway.listeners)
    if not amiss:
        accept = met("Accepted", "Accepted", "Every listener is accepted")
    else:
        message = f"Listeners that are not valid: {', '.join(amiss)}"
        accept = Condition("Accepted", serves, "ListenersNotValid", message)
    if serves:
        return (accept, met("Programmed", "Programmed", "Every worker serves this Gateway"))
    return (accept, unmet("Programmed", "Invalid", "No listener can be served"))


def _address_type(address: str) -> str:
    try:
        ip_address(address)
    except ValueError:
        return "Hostname"
    return "IPAddress"
