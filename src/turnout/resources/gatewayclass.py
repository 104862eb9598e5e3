"""GatewayClass: which controller serves the Gateways that name it (Gateway API v1)."""

from typing import Annotated

from msgspec import Meta, field

from turnout.resources.document import JSON
from turnout.resources.metadata import Resource
from turnout.resources.words import SUBDOMAIN, Group, KindName, NamespaceName, ObjectName, Part

ControllerName = Annotated[
    str, Meta(min_length=1, max_length=253, pattern=rf"^{SUBDOMAIN}\/[A-Za-z0-9\/\-._~%!$&'()*+,;=:]+$")
]


class ParametersReference(Part, frozen=True):
    """An object with settings for every Gateway of the class."""

    group: Group
    kind: KindName
    name: ObjectName
    namespace: NamespaceName | None = None


class GatewayClassSpec(Part, frozen=True):
    """`controller_name` never changes once it is set."""

    controller_name: ControllerName
    parameters_ref: ParametersReference | None = None
    description: Annotated[str, Meta(max_length=64)] | None = None


class GatewayClass(Resource, frozen=True, kw_only=True):
    """A class of Gateways and the controller that serves them."""

    spec: GatewayClassSpec
    status: dict[str, JSON] = field(default_factory=dict)
