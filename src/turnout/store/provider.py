"""The one protocol for objects that are listed, watched and written.

Objects are documents: JSON as the Kubernetes API gives it, never changed in place once they are shared. Two things keep
the protocol, and one test suite checks them alike: `kube.Client`, for a cluster and the embedded API, and
`store.memory.Memory`.
"""

from collections.abc import AsyncGenerator
from typing import Protocol, TypeAlias

from msgspec import Struct

from turnout.resources.document import Document
from turnout.resources.kinds import Kind


class ApiResource(Struct, frozen=True):
    """Where the objects of one kind are kept. `group` is empty for core kinds; `plural` is the name in the path."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool
    singular: str = ""
    short_names: tuple[str, ...] = ()

    @property
    def api_version(self) -> str:
        """`group/version`, or `version` alone for core kinds."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def title(self) -> str:
        """`httproute.gateway.networking.k8s.io`: how commands name the kind when they say what they did."""
        name = self.singular or self.kind.lower()
        return f"{name}.{self.group}" if self.group else name


def served_as(kind: Kind) -> ApiResource:
    """Where the objects of a kind of ours are kept, in its stored version."""
    return ApiResource(
        kind.group, kind.version, kind.plural, kind.kind, kind.namespaced, kind.singular, kind.short_names
    )


class Listing(Struct, frozen=True):
    """All objects of a kind at one moment. A watch from `resource_version` on misses nothing."""

    items: tuple[Document, ...]
    resource_version: str


class Changed(Struct, frozen=True):
    """The object was added or changed: this is all of it."""

    document: Document


class Deleted(Struct, frozen=True):
    """The object is gone; `document` is its last state, at the resourceVersion of the deletion."""

    document: Document


class Bookmark(Struct, frozen=True):
    """Every event of this kind up to `resource_version` has been delivered."""

    resource_version: str


WatchEvent: TypeAlias = Changed | Deleted | Bookmark


class Provider(Protocol):
    """A store of objects. Every method raises `ApiError` when refused and `UnreachableError` when there was no answer.

    `namespace` is empty for cluster-scoped kinds; for `list` and `watch` empty means all namespaces.
    """

    async def list(self, resource: ApiResource, namespace: str = "") -> Listing:
        """All objects of the kind."""
        ...

    def watch(
        self, resource: ApiResource, resource_version: str, namespace: str = ""
    ) -> AsyncGenerator[WatchEvent, None]:
        """Events after `resource_version`, in order. Ends when the store ends it; resume from the last version seen.

        Raises `ApiError` with `expired` when the store no longer knows what followed `resource_version`.
        """
        ...

    async def get(self, resource: ApiResource, namespace: str, name: str) -> Document:
        """The object."""
        ...

    async def create(self, resource: ApiResource, namespace: str, document: Document) -> Document:
        """Stores a new object and gives it as stored. `exists` if there is one of that name."""
        ...

    async def replace(self, resource: ApiResource, namespace: str, document: Document) -> Document:
        """Stores the object in place of the old one; its status stays. `conflict` if its version is not current."""
        ...

    async def patch(self, resource: ApiResource, namespace: str, name: str, patch: Document) -> Document:
        """Merges (RFC 7396) into the object; its status stays. `conflict` as in `replace`."""
        ...

    async def patch_status(
        self, resource: ApiResource, namespace: str, name: str, status: Document, resource_version: str = ""
    ) -> Document:
        """Merges (RFC 7396) into the object's status; all else, `generation` too, stays. `conflict` as in `replace`."""
        ...

    async def delete(self, resource: ApiResource, namespace: str, name: str) -> None:
        """Removes the object."""
        ...


def key_of(document: Document) -> str:
    """`namespace/name` of an object; `/name` where the kind has no namespaces."""
    metadata = document["metadata"]
    return f"{metadata.get('namespace', '')}/{metadata['name']}"


def revision_of(document: Document) -> int:
    """The object's resourceVersion as a number: they grow with every write, over all kinds of one store."""
    return int(document["metadata"]["resourceVersion"])
