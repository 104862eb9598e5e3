"""Objects in memory, under the rules of the Kubernetes API: for tests, and for runs on a virtual clock."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable

from turnout.resources.document import Document
from turnout.store.errors import ApiError
from turnout.store.merge import merge
from turnout.store.provider import ApiResource, Bookmark, Changed, Deleted, Listing, WatchEvent

_SERVER_METADATA = ("uid", "creationTimestamp", "namespace", "name")


class Memory:
    """A `Provider` without schemas: whatever is written is stored.

    `clock` gives the RFC 3339 text of creation times. `history` is how many events can be watched from; older versions
    are `expired`.
    """

    def __init__(self, clock: Callable[[], str] = lambda: "2000-01-01T00:00:00Z", history: int = 1000) -> None:
        self._clock = clock
        self._history = history
        self._revision = 0
        self._compacted = 0
        self._uids = 0
        self._objects: dict[tuple[str, str], dict[tuple[str, str], Document]] = {}
        self._events: deque[tuple[int, tuple[str, str], Changed | Deleted]] = deque()
        self._news = asyncio.Event()

    async def list(self, resource: ApiResource, namespace: str = "") -> Listing:
        """All objects of the kind, by key."""
        stored = self._of(resource)
        items = tuple(stored[key] for key in sorted(stored) if namespace in {"", key[0]})
        return Listing(items, str(self._revision))

    async def watch(
        self, resource: ApiResource, resource_version: str, namespace: str = ""
    ) -> AsyncGenerator[WatchEvent, None]:
        """Events after `resource_version`; a bookmark after each batch of events, whatever kinds they were of."""
        seen = int(resource_version)
        if seen > self._revision:
            raise ApiError(410, "Expired", f"resourceVersion {seen} is not known yet")
        while True:
            if seen < self._compacted:
                raise ApiError(410, "Expired", f"too old resource version: {seen} ({self._compacted})")
            news = self._news
            upto = self._revision
            for revision, name, event in [each for each in self._events if each[0] > seen]:
                if name == _name(resource) and namespace in {"", event.document["metadata"].get("namespace", "")}:
                    yield event
                seen = revision
            if seen == upto:
                yield Bookmark(str(seen))
                await news.wait()

    async def get(self, resource: ApiResource, namespace: str, name: str) -> Document:
        """The object."""
        found = self._of(resource).get((namespace, name))
        if found is None:
            raise ApiError(404, "NotFound", f'{resource.plural}.{resource.group} "{name}" not found')
        return found

    async def create(self, resource: ApiResource, namespace: str, document: Document) -> Document:
        """Stores a new object without the status that it may carry."""
        name = document["metadata"]["name"]
        if (namespace, name) in self._of(resource):
            raise ApiError(409, "AlreadyExists", f'{resource.plural}.{resource.group} "{name}" already exists')
        self._uids += 1
        metadata = {
            **document["metadata"],
            "uid": f"00000000-0000-0000-0000-{self._uids:012}",
            "creationTimestamp": self._clock(),
            "generation": 1,
        }
        if resource.namespaced:
            metadata["namespace"] = namespace
        created = {key: value for key, value in document.items() if key != "status"}
        return self._store(resource, {**created, "metadata": metadata})

    async def replace(self, resource: ApiResource, namespace: str, document: Document) -> Document:
        """Stores the object in place of the old one."""
        name = document["metadata"]["name"]
        old = await self.get(resource, namespace, name)
        return self._write(resource, old, document)

    async def patch(self, resource: ApiResource, namespace: str, name: str, patch: Document) -> Document:
        """Merges into the object."""
        old = await self.get(resource, namespace, name)
        metadata = {key: value for key, value in old["metadata"].items() if key != "resourceVersion"}
        return self._write(resource, old, merge({**old, "metadata": metadata}, patch))

    async def patch_status(
        self, resource: ApiResource, namespace: str, name: str, status: Document, resource_version: str = ""
    ) -> Document:
        """Merges into the object's status."""
        old = await self.get(resource, namespace, name)
        _check_version(old, resource_version)
        new = {**old, "status": merge(old.get("status"), status)}
        return old if new == old else self._store(resource, new)

    async def delete(self, resource: ApiResource, namespace: str, name: str) -> None:
        """Removes the object."""
        old = await self.get(resource, namespace, name)
        del self._of(resource)[namespace, name]
        self._revision += 1
        last = {**old, "metadata": {**old["metadata"], "resourceVersion": str(self._revision)}}
        self._record(resource, Deleted(last))

    def _of(self, resource: ApiResource) -> dict[tuple[str, str], Document]:
        return self._objects.setdefault(_name(resource), {})

    def _write(self, resource: ApiResource, old: Document, new: Document) -> Document:
        metadata = dict(new["metadata"])
        _check_version(old, metadata.pop("resourceVersion", ""))
        for key in (*_SERVER_METADATA, "generation"):
            metadata.pop(key, None)
            if key in old["metadata"]:
                metadata[key] = old["metadata"][key]
        written = {key: value for key, value in new.items() if key != "status"}
        if "status" in old:
            written["status"] = old["status"]
        written["metadata"] = {**metadata, "resourceVersion": old["metadata"]["resourceVersion"]}
        if written == old:
            return old
        if written.get("spec") != old.get("spec"):
            written["metadata"]["generation"] += 1
        return self._store(resource, written)

    def _store(self, resource: ApiResource, document: Document) -> Document:
        self._revision += 1
        stored = {**document, "metadata": {**document["metadata"], "resourceVersion": str(self._revision)}}
        metadata = stored["metadata"]
        self._of(resource)[metadata.get("namespace", ""), metadata["name"]] = stored
        self._record(resource, Changed(stored))
        return stored

    def _record(self, resource: ApiResource, event: Changed | Deleted) -> None:
        self._events.append((self._revision, _name(resource), event))
        while len(self._events) > self._history:
            self._compacted = self._events.popleft()[0]
        news, self._news = self._news, asyncio.Event()
        news.set()


def _name(resource: ApiResource) -> tuple[str, str]:
    return resource.group, resource.plural


def _check_version(old: Document, given: str) -> None:
    if given and given != old["metadata"]["resourceVersion"]:
        name = old["metadata"]["name"]
        raise ApiError(409, "Conflict", f'"{name}": the object has been modified since {given}')
