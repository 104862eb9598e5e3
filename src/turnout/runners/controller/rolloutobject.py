"""A rollout's object in the store: the newest that is known of it, and what the controller writes to it."""

from collections.abc import Callable, Mapping

from turnout.resources.document import Document
from turnout.store import ApiResource, Provider, key_of, revision_of
from turnout.store.merge import difference

FINALIZER = "turnout.dev/rollout"


class RolloutObject:
    """Every write names the version that it was worked out from, and raises as a `Provider` does.

    `stored` is given each answer of the store.
    """

    def __init__(
        self, document: Document, provider: Provider, resource: ApiResource, stored: Callable[[Document], None]
    ) -> None:
        self.key = key_of(document)
        self.uid: str = document["metadata"]["uid"]
        self.document = document
        self._provider = provider
        self._resource = resource
        self._stored = stored
        self._namespace, _, self.name = self.key.partition("/")
        self._attempted: object = None

    @property
    def status(self) -> Document:
        """Its status; empty before it has one."""
        status: Document = self.document.get("status") or {}
        return status

    @property
    def generation(self) -> int:
        """Its spec's number."""
        generation: int = self.document["metadata"].get("generation", 0)
        return generation

    @property
    def annotations(self) -> Mapping[str, str]:
        """Its annotations."""
        annotations: Mapping[str, str] = self.document["metadata"].get("annotations") or {}
        return annotations

    @property
    def deleting(self) -> bool:
        """Whether somebody has asked for its deletion."""
        return bool(self.document["metadata"].get("deletionTimestamp"))

    def take(self, document: Document) -> bool:
        """Takes in the object as it was read or answered, unless a newer one is known.

        True if another has written the engine's state: it is neither the one known nor what was last sent from here.
        """
        if document["metadata"]["uid"] != self.uid or revision_of(document) <= revision_of(self.document):
            return False
        known, self.document = self.status.get("engine"), document
        return self.status.get("engine") not in (known, self._attempted)

    async def write_status(self, status: Document) -> None:
        """Makes `status` the object's, if it differs."""
        patch = difference(self.status, status)
        if patch:
            self._attempted = status.get("engine")
            version = self.document["metadata"]["resourceVersion"]
            self._answered(
                await self._provider.patch_status(self._resource, self._namespace, self.name, patch, version)
            )

    async def hold(self) -> None:
        """Adds the finalizer: the object stays until the engine lets it go."""
        names = self._finalizers()
        if FINALIZER not in names:
            await self._patch({"metadata": {"finalizers": [*names, FINALIZER]}})

    async def let_go(self) -> None:
        """Takes the finalizer away."""
        names = self._finalizers()
        if FINALIZER in names:
            await self._patch({"metadata": {"finalizers": [name for name in names if name != FINALIZER] or None}})

    async def write_pools(self, stable: str, candidate: str) -> None:
        """Writes the names of two pools into the spec."""
        await self._patch({"spec": {"stable": {"name": stable}, "candidate": {"name": candidate}}})

    async def reread(self) -> bool:
        """Reads the object anew; answers as `take`."""
        return self.take(await self._provider.get(self._resource, self._namespace, self.name))

    def _finalizers(self) -> list[str]:
        return list(self.document["metadata"].get("finalizers") or [])

    async def _patch(self, patch: Document) -> None:
        metadata = {**patch.get("metadata", {}), "resourceVersion": self.document["metadata"]["resourceVersion"]}
        patch = {**patch, "metadata": metadata}
        self._answered(await self._provider.patch(self._resource, self._namespace, self.name, patch))

    def _answered(self, document: Document) -> None:
        self.take(document)
        self._stored(document)
