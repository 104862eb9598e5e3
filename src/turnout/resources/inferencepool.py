"""InferencePool: the model servers that a route can send requests to (Inference Extension v1)."""

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta, field

from turnout.resources.document import JSON
from turnout.resources.faults import Fault, broken
from turnout.resources.metadata import Resource
from turnout.resources.words import Group, KindName, Labels, ObjectName, Part, PortNumber


class PoolSelector(Part, frozen=True):
    """All of `match_labels` must hold. It selects in the pool's own namespace."""

    match_labels: Annotated[Labels, Meta(min_length=1, max_length=64)]


class Port(Part, frozen=True):
    """A TCP port."""

    number: PortNumber


class EndpointPickerRef(Part, frozen=True):
    """A service that picks the endpoint of each request. `port` is required when `kind` is Service."""

    name: ObjectName
    group: Group = ""
    kind: KindName = "Service"
    port: Port | None = None
    failure_mode: Literal["FailOpen", "FailClose"] = "FailClose"

    def faults(self) -> Iterator[Fault]:
        """A Service is only reached by its port."""
        if self.kind == "Service" and self.port is None:
            yield broken("", "object", "port is required when kind is 'Service' or unspecified (defaults to 'Service')")


class InferencePoolSpec(Part, frozen=True):
    """Every address that `selector` selects is an endpoint at each of `target_ports`."""

    selector: PoolSelector
    target_ports: Annotated[tuple[Port, ...], Meta(min_length=1, max_length=8)]
    app_protocol: Literal["http", "kubernetes.io/h2c"] = "http"
    endpoint_picker_ref: EndpointPickerRef | None = None

    def faults(self) -> Iterator[Fault]:
        """No port twice."""
        if len(set(self.target_ports)) < len(self.target_ports):
            yield broken("targetPorts", "array", "port number must be unique")


class InferencePool(Resource, frozen=True, kw_only=True):
    """Model servers that serve the same."""

    spec: InferencePoolSpec
    status: dict[str, JSON] = field(default_factory=dict)
