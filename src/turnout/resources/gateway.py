"""Gateway: the listeners that requests come in by (Gateway API v1, `gateway_types.go`)."""

import ipaddress
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Annotated, Literal

from msgspec import Meta, field

from turnout.resources.document import JSON
from turnout.resources.faults import Fault, broken
from turnout.resources.metadata import Resource
from turnout.resources.references import LocalObjectReference, ObjectReference, SecretObjectReference
from turnout.resources.words import (
    LABEL,
    SUBDOMAIN,
    AnnotationValue,
    Group,
    Hostname,
    KindName,
    Labels,
    ObjectName,
    Part,
    PortNumber,
    SectionName,
)

Protocol = Annotated[
    str,
    Meta(min_length=1, max_length=255, pattern=rf"^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$|{SUBDOMAIN}\/[A-Za-z0-9]+$"),
]
AddressType = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=253,
        pattern=rf"^Hostname|IPAddress|NamedAddress|{LABEL}(\.{LABEL})*\/[A-Za-z0-9\/\-._~%!$&'()*+,;=:]+$",
    ),
]
HOSTNAME = rf"(\*\.)?{SUBDOMAIN}"


class LabelSelectorRequirement(Part, frozen=True):
    """`operator` is In, NotIn, Exists or DoesNotExist."""

    key: str
    operator: str
    values: tuple[str, ...] = ()


class LabelSelector(Part, frozen=True):
    """All of it must hold (Kubernetes `metav1.LabelSelector`)."""

    match_labels: dict[str, str] = field(default_factory=dict)
    match_expressions: tuple[LabelSelectorRequirement, ...] = ()


class RouteNamespaces(Part, frozen=True):
    """From which namespaces routes may attach."""

    from_: Literal["All", "Selector", "Same"] = field(name="from", default="Same")
    selector: LabelSelector | None = None


class ListenerNamespaces(Part, frozen=True):
    """From which namespaces ListenerSets may attach."""

    from_: Literal["All", "Selector", "Same", "None"] = field(name="from", default="None")
    selector: LabelSelector | None = None


class RouteGroupKind(Part, frozen=True):
    """A kind of route."""

    kind: KindName
    group: Group = "gateway.networking.k8s.io"


class AllowedRoutes(Part, frozen=True):
    """Which routes may attach to a listener. No `kinds` means those that fit its protocol."""

    namespaces: RouteNamespaces = RouteNamespaces()
    kinds: Annotated[tuple[RouteGroupKind, ...], Meta(max_length=8)] = ()


class AllowedListeners(Part, frozen=True):
    """Which ListenerSets may attach to the Gateway."""

    namespaces: ListenerNamespaces = ListenerNamespaces()


class ListenerTLS(Part, frozen=True):
    """How a listener handles TLS."""

    mode: Literal["Terminate", "Passthrough"] = "Terminate"
    certificate_refs: Annotated[tuple[SecretObjectReference, ...], Meta(max_length=64)] = ()
    options: Annotated[dict[str, AnnotationValue], Meta(max_length=16)] = field(default_factory=dict)

    def faults(self) -> Iterator[Fault]:
        """Who terminates TLS needs a certificate."""
        if self.mode == "Terminate" and not self.certificate_refs and not self.options:
            yield broken("", "object", "certificateRefs or options must be specified when mode is Terminate")


class Listener(Part, frozen=True):
    """One port, protocol and host that the Gateway serves. No `hostname` means every host."""

    name: SectionName
    port: PortNumber
    protocol: Protocol
    hostname: Hostname | None = None
    tls: ListenerTLS | None = None
    allowed_routes: AllowedRoutes = AllowedRoutes()


class GatewayAddress(Part, frozen=True):
    """An address that is asked for."""

    type: AddressType = "IPAddress"
    value: Annotated[str, Meta(max_length=253)] | None = None

    def faults(self) -> Iterator[Fault]:
        """`value` is what `type` says."""
        if self.value is None:
            return
        if self.type == "IPAddress" and not is_ip(self.value):
            yield broken("value", "string", "must be an IPv4 or IPv6 address when type is IPAddress")
        if self.type == "Hostname" and not re.fullmatch(HOSTNAME, self.value):
            yield broken(
                "", "object", f"Hostname value must be empty or contain only valid characters (matching ^{HOSTNAME}$)"
            )


class GatewayInfrastructure(Part, frozen=True):
    """Settings of what is made for the Gateway."""

    labels: Annotated[Labels, Meta(max_length=8)] = field(default_factory=dict)
    annotations: Annotated[dict[str, AnnotationValue], Meta(max_length=16)] = field(default_factory=dict)
    parameters_ref: LocalObjectReference | None = None


class ClientValidation(Part, frozen=True):
    """Which client certificates are trusted."""

    ca_certificate_refs: Annotated[tuple[ObjectReference, ...], Meta(min_length=1, max_length=16)]
    mode: Literal["AllowValidOnly", "AllowInsecureFallback"] = "AllowValidOnly"


class FrontendTLS(Part, frozen=True):
    """TLS towards clients."""

    validation: ClientValidation | None = None


class PortTLS(Part, frozen=True):
    """TLS towards clients of one port."""

    port: PortNumber
    tls: FrontendTLS


class FrontendTLSConfig(Part, frozen=True):
    """TLS towards clients: one default, and exceptions by port."""

    default: FrontendTLS
    per_port: Annotated[
        tuple[PortTLS, ...], Meta(max_length=64, extra_json_schema={"x-kubernetes-list-map-keys": ["port"]})
    ] = ()


class BackendTLSConfig(Part, frozen=True):
    """The certificate that the Gateway shows to backends."""

    client_certificate_ref: SecretObjectReference | None = None


class GatewayTLSConfig(Part, frozen=True):
    """TLS of the whole Gateway."""

    backend: BackendTLSConfig | None = None
    frontend: FrontendTLSConfig | None = None


LISTENER_RULES: tuple[tuple[str, Callable[[Listener], bool]], ...] = (
    (
        "tls must not be specified for protocols ['HTTP', 'TCP', 'UDP']",
        lambda listener: listener.tls is None or listener.protocol not in ("HTTP", "TCP", "UDP"),
    ),
    (
        "tls mode must be Terminate for protocol HTTPS",
        lambda listener: listener.protocol != "HTTPS" or listener.tls is None or listener.tls.mode == "Terminate",
    ),
    (
        "tls mode must be set for protocol TLS",
        lambda listener: listener.protocol != "TLS" or listener.tls is not None,
    ),
    (
        "hostname must not be specified for protocols ['TCP', 'UDP']",
        lambda listener: listener.hostname is None or listener.protocol not in ("TCP", "UDP"),
    ),
)


class GatewaySpec(Part, frozen=True):
    """What the Gateway is to serve."""

    gateway_class_name: ObjectName
    listeners: Annotated[
        tuple[Listener, ...],
        Meta(min_length=1, max_length=64, extra_json_schema={"x-kubernetes-list-map-keys": ["name"]}),
    ]
    addresses: Annotated[tuple[GatewayAddress, ...], Meta(max_length=16)] = ()
    infrastructure: GatewayInfrastructure | None = None
    allowed_listeners: AllowedListeners | None = None
    tls: GatewayTLSConfig | None = None
    default_scope: Literal["All", "None"] | None = None

    def faults(self) -> Iterator[Fault]:
        """What must hold between and within listeners, by their protocol."""
        for rule, holds in LISTENER_RULES:
            if not all(holds(listener) for listener in self.listeners):
                yield broken("listeners", "array", rule)
        served = {(listener.port, listener.protocol, listener.hostname) for listener in self.listeners}
        if len(served) < len(self.listeners):
            rule = "Combination of port, protocol and hostname must be unique for each listener"
            yield broken("listeners", "array", rule)
        for (kind, value), count in Counter((address.type, address.value) for address in self.addresses).items():
            if count > 1 and value is not None and kind in ("IPAddress", "Hostname"):
                yield broken("addresses", "array", f"{kind} values must be unique")


class Gateway(Resource, frozen=True, kw_only=True):
    """A place where requests come in."""

    spec: GatewaySpec
    status: dict[str, JSON] = field(default_factory=dict)


def is_ip(text: str) -> bool:
    """True for an IPv4 and for an IPv6 address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
