"""References between objects (Gateway API `shared_types.go`, `object_reference_types.go`)."""

from collections.abc import Iterator

from turnout.resources.faults import Fault, broken
from turnout.resources.words import Group, KindName, NamespaceName, ObjectName, Part, PortNumber, SectionName


class ParentReference(Part, frozen=True):
    """The Gateway (or one listener of it, by `section_name` or `port`) that a route wants to be attached to.

    Kind `InferenceGateway` of group `inference.networking.k8s.io` means the Gateway of that name.
    """

    name: ObjectName
    group: Group = "gateway.networking.k8s.io"
    kind: KindName = "Gateway"
    namespace: NamespaceName | None = None
    section_name: SectionName | None = None
    port: PortNumber | None = None

    @property
    def parent(self) -> tuple[str, str, str, str]:
        """Which object it names, whatever the part of it."""
        return self.group, self.kind, self.namespace or "", self.name


class LocalObjectReference(Part, frozen=True):
    """An object in the same namespace."""

    group: Group
    kind: KindName
    name: ObjectName


class ObjectReference(Part, frozen=True):
    """An object, in `namespace` or in the referrer's own."""

    group: Group
    kind: KindName
    name: ObjectName
    namespace: NamespaceName | None = None


class SecretObjectReference(Part, frozen=True):
    """A Secret, or another kind that holds a certificate."""

    name: ObjectName
    group: Group = ""
    kind: KindName = "Secret"
    namespace: NamespaceName | None = None


class BackendObjectReference(Part, frozen=True):
    """What requests are sent to: an InferencePool, or a Service with its `port`."""

    name: ObjectName
    group: Group = ""
    kind: KindName = "Service"
    namespace: NamespaceName | None = None
    port: PortNumber | None = None

    def faults(self) -> Iterator[Fault]:
        """A Service is only reached by its port."""
        if (self.group, self.kind) == ("", "Service") and self.port is None:
            yield broken("", "object", "Must have port for Service reference")
