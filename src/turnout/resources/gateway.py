"""Gateway: the listeners that requests come in by (Gateway API v1, `gateway_types.go`)."""

from typing import Annotated, Literal

from msgspec import Meta, field

from turnout.resources.document import JSON
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
    per_port: Annotated[tuple[PortTLS, ...], Meta(max_length=64)] = ()


class BackendTLSConfig(Part, frozen=True):
    """The certificate that the Gateway shows to backends."""

    client_certificate_ref: SecretObjectReference | None = None


class GatewayTLSConfig(Part, frozen=True):
    """TLS of the whole Gateway."""

    backend: BackendTLSConfig | None = None
    frontend: FrontendTLSConfig | None = None


class GatewaySpec(Part, frozen=True):
    """What the Gateway is to serve."""

    gateway_class_name: ObjectName
    listeners: Annotated[tuple[Listener, ...], Meta(min_length=1, max_length=64)]
    addresses: Annotated[tuple[GatewayAddress, ...], Meta(max_length=16)] = ()
    infrastructure: GatewayInfrastructure | None = None
    allowed_listeners: AllowedListeners | None = None
    tls: GatewayTLSConfig | None = None
    default_scope: Literal["All", "None"] | None = None


class Gateway(Resource, frozen=True, kw_only=True):
    """A place where requests come in."""

    spec: GatewaySpec
    status: dict[str, JSON] = field(default_factory=dict)
