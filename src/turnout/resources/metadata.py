"""Object metadata (Kubernetes API conventions, `metav1.ObjectMeta`)."""

from msgspec import field

from turnout.resources.document import JSON
from turnout.resources.words import Part


class OwnerReference(Part, frozen=True):
    """An object in whose absence this one is garbage."""

    api_version: str
    kind: str
    name: str
    uid: str
    controller: bool | None = None
    block_owner_deletion: bool | None = None


class ObjectMeta(Part, frozen=True):
    """Name and history of an object. `generation` counts changes of `spec`; `resource_version` is opaque text.

    Times are RFC 3339 text, empty when absent.
    """

    name: str = ""
    generate_name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: str = ""
    deletion_timestamp: str = ""
    deletion_grace_period_seconds: int = 0
    self_link: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    finalizers: tuple[str, ...] = ()
    owner_references: tuple[OwnerReference, ...] = ()
    managed_fields: tuple[dict[str, JSON], ...] = ()


class Resource(Part, frozen=True):
    """What every kind has. `key` is unique within one kind."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta = ObjectMeta()

    @property
    def key(self) -> str:
        """`NAMESPACE/NAME`; `/NAME` for a cluster-scoped object."""
        return f"{self.metadata.namespace}/{self.metadata.name}"
