"""Gateways of our classes: their listeners, where these are served, and their status."""

from collections.abc import Mapping
from ipaddress import ip_address

from msgspec import Struct
from msgspec.structs import replace

from turnout.resources.document import Document
from turnout.resources.gateway import Gateway
from turnout.resources.kinds import GATEWAY_GROUP
from turnout.resources.set import ResourceSet
from turnout.table import DEFAULT_PARAMETERS, Listener, ObjectRef, Parameters, Sealed
from turnout.translate.certificates import Keyring
from turnout.translate.conditions import Condition, Stamp, met, stamped, unmet
from turnout.translate.conflicts import Claim, conflicts
from turnout.translate.facts import Facts
from turnout.translate.gateway_classes import our_classes
from turnout.translate.gateway_fields import without_effect
from turnout.translate.grants import Grants
from turnout.translate.listeners import (
    OpenListener,
    existing_listeners,
    first_http_port,
    listener_status,
    open_listeners,
)
from turnout.translate.parameters import Found, idle_fields, merged, of_class, of_gateway


class Refusal(Struct, frozen=True):
    """Why nothing of a Gateway is served: its conditions."""

    accepted: Condition
    programmed: Condition


class OpenGateway(Struct, frozen=True):
    """A Gateway of ours. `refused` is why nothing of it is served, else None.

    `without_effect` are the fields of it and of its parameters that are stored and not acted on.
    """

    gateway: Gateway
    refused: Refusal | None
    listeners: tuple[OpenListener, ...]
    parameters: Parameters = DEFAULT_PARAMETERS
    without_effect: tuple[str, ...] = ()

    @property
    def ref(self) -> ObjectRef:
        """Its name in the table."""
        return ObjectRef(GATEWAY_GROUP, "Gateway", self.gateway.metadata.namespace, self.gateway.metadata.name)


def open_gateways(resources: ResourceSet, facts: Facts) -> dict[str, OpenGateway]:
    """The Gateways of our classes by key, the oldest first (then by key).

    The first HTTP listener of the first that is not refused is served at the gateway's own port, and with it the other
    HTTP listeners that share its port in that Gateway: they are one socket, told apart by hostname. All others are
    served at their own ports; listeners of several Gateways that meet at a port there are told apart by hostname too.
    """
    classes = our_classes(resources, facts)
    ours = sorted(
        (gateway for gateway in resources.gateways.values() if gateway.spec.gateway_class_name in classes),
        key=lambda gateway: (gateway.metadata.creation_timestamp, gateway.key),
    )
    found: dict[str, OpenGateway] = {}
    keyring = Keyring(resources.secrets, Grants.of(resources.reference_grants.values()))
    waiting = True
    for gateway in ours:
        of_its_class = of_class(classes[gateway.spec.gateway_class_name], resources.gateway_parameters)
        own = parameters_of_gateway(gateway, resources)
        refused = _refused(gateway, of_its_class, own, facts)
        main_port = first_http_port(gateway) if waiting and refused is None else None
        waiting = waiting and main_port is None
        specs = [one.parameters.spec for one in (own, of_its_class) if one.parameters is not None]
        found[gateway.key] = OpenGateway(
            gateway=gateway,
            refused=refused,
            listeners=open_listeners(gateway, main_port, facts, keyring),
            parameters=merged(*specs),
            without_effect=(*without_effect(gateway.spec), *_of_parameters(own, of_its_class)),
        )
    return _distinct(found)


def _distinct(gateways: dict[str, OpenGateway]) -> dict[str, OpenGateway]:
    """The Gateways, with the conflicts between their listeners."""
    claims = (
        Claim(key, one.spec.name, one.spec.protocol, one.served_port, one.hostname)
        for key, gateway in gateways.items()
        if gateway.refused is None
        for one in gateway.listeners
        if one.listed
    )
    found = conflicts(claims)
    return {
        key: replace(
            gateway,
            listeners=tuple(
                replace(one, conflict=found.get((key, one.spec.name), one.conflict)) for one in gateway.listeners
            ),
        )
        for key, gateway in gateways.items()
    }


def parameters_in_use(resources: ResourceSet, gateways: Mapping[str, OpenGateway], facts: Facts) -> frozenset[str]:
    """The keys of the GatewayParameters that a Gateway or a class of ours names."""
    known = resources.gateway_parameters
    found = [of_class(one, known) for one in our_classes(resources, facts).values()]
    found += [parameters_of_gateway(one.gateway, resources) for one in gateways.values()]
    return frozenset(one.parameters.key for one in found if one.parameters is not None)


def parameters_of_gateway(gateway: Gateway, resources: ResourceSet) -> Found:
    """What the Gateway's own parametersRef leads to."""
    infrastructure = gateway.spec.infrastructure
    ref = infrastructure.parameters_ref if infrastructure is not None else None
    return of_gateway(ref, gateway.metadata.namespace, resources.gateway_parameters)


def _of_parameters(*found: Found) -> tuple[str, ...]:
    return tuple(
        f"GatewayParameters {one.parameters.key} {field}"
        for one in found
        if one.parameters is not None
        for field in idle_fields(one.parameters.spec)
    )


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
            parameters=gateway.parameters,
            tls=listener.pairs.certificates,
        )
        for key, gateway in gateways.items()
        if gateway.refused is None
        for listener in gateway.listeners
        if listener.listed
    )


def key_pairs_of(gateways: Mapping[str, OpenGateway]) -> dict[str, Sealed]:
    """What the certificates of the table's listeners name."""
    return {
        digest: sealed
        for gateway in gateways.values()
        if gateway.refused is None
        for listener in gateway.listeners
        if listener.listed
        for digest, sealed in listener.pairs.vault.items()
    }


def gateway_status(gateway: OpenGateway, attached: Mapping[tuple[str, str], tuple[str, ...]], facts: Facts) -> Document:
    """The whole new status of a Gateway of ours."""
    resource = gateway.gateway
    status = resource.status
    stamp = Stamp(resource.metadata.generation, facts.now)
    existing = existing_listeners(status)
    down = gateway.refused.programmed.message if gateway.refused is not None else ""
    listeners = [
        listener_status(
            listener,
            len(attached.get((resource.key, listener.spec.name), ())),
            existing.get(listener.spec.name, {}),
            stamp,
            down,
        )
        for listener in gateway.listeners
    ]
    return {
        **status,
        "addresses": [{"type": _address_type(facts.address), "value": facts.address}] if not down else [],
        "conditions": stamped(_conditions(gateway), status.get("conditions"), stamp),
        "listeners": listeners,
    }


def _refused(gateway: Gateway, of_its_class: Found, own: Found, facts: Facts) -> Refusal | None:
    invalid = unmet("Programmed", "Invalid", "The Gateway is not accepted")
    if of_its_class.refusal is not None:
        message = f"GatewayClass {gateway.spec.gateway_class_name}: {of_its_class.refusal.message}"
        return Refusal(unmet("Accepted", "InvalidParameters", message), invalid)
    if own.refusal is not None:
        message = f"spec.infrastructure.{own.refusal.message}"
        return Refusal(unmet("Accepted", "InvalidParameters", message), invalid)
    kind = _address_type(facts.address)
    strange = [one.type for one in gateway.spec.addresses if one.type != kind]
    if strange:
        message = f"Addresses of type {', '.join(strange)} are not supported: only {kind} {facts.address} is"
        return Refusal(unmet("Accepted", "UnsupportedAddress", message), invalid)
    wanted = [one.value for one in gateway.spec.addresses if one.value not in (None, "", facts.address)]
    if wanted:
        message = f"Cannot be served at {', '.join(map(str, wanted))}: only at {facts.address}"
        accept = met("Accepted", "Accepted", "The Gateway is accepted, and not served: see Programmed")
        return Refusal(accept, unmet("Programmed", "AddressNotUsable", message))
    return None


def _conditions(gateway: OpenGateway) -> tuple[Condition, ...]:
    if gateway.refused is not None:
        return (gateway.refused.accepted, gateway.refused.programmed)
    amiss = [f"{listener.spec.name} ({listener.amiss})" for listener in gateway.listeners if listener.amiss]
    serves = any(listener.serves for listener in gateway.listeners)
    fields = ", ".join(gateway.without_effect)
    tail = f"; stored and not acted on: {fields}" if fields else ""
    if not amiss:
        accept = met("Accepted", "Accepted", f"Every listener is accepted{tail}")
    else:
        message = f"Listeners that are not valid: {', '.join(amiss)}{tail}"
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
