"""One kind of object as this process knows it: listed, then watched, for as long as it runs."""

import asyncio
import logging
import random
from collections.abc import Callable
from contextlib import aclosing

from turnout.kube.backoff import pause
from turnout.store import (
    ApiError,
    ApiResource,
    Bookmark,
    Deleted,
    Document,
    Provider,
    UnreachableError,
    WatchEvent,
    key_of,
    revision_of,
)

log = logging.getLogger("turnout.kube")

BOOKKEEPING = ("resourceVersion", "managedFields")
"""What of the metadata is another after every write."""
APART = ("metadata", "status")


class Reflector:
    """A copy of all objects of one kind, kept up to date.

    `documents` is by `namespace/name`; a document is never changed in place, so `is` tells whether it changed.
    `position` is the resourceVersion up to which everything of this kind is in the copy; it and the copy survive the
    loss of the store. `changed` is called, in the event loop, after each change of `documents` or `position`.
    """

    def __init__(
        self,
        provider: Provider,
        resource: ApiResource,
        changed: Callable[[], None],
        dice: Callable[[], float] = random.random,
    ) -> None:
        self.resource = resource
        self.documents: dict[str, Document] = {}
        self.position = 0
        self.edits = 0
        """Grows with every change of `documents` that is no echo and did not come through `observe`."""
        self.echoes = 0
        """Grows with every change of a status, and of nothing else, that the watch tells of."""
        self.synced = asyncio.Event()
        self._provider = provider
        self._changed = changed
        self._dice = dice
        self._listed = False

    async def run(self) -> None:
        """Lists and watches until cancelled."""
        failures = 0
        while True:
            try:
                if not self._listed:
                    await self._list()
                    failures = 0
                async with aclosing(self._provider.watch(self.resource, str(self.position))) as events:
                    async for event in events:
                        self._apply(event)
                        failures = 0
            except ApiError as error:
                if error.expired:
                    log.info("%s: version %d is gone, listing again", self.resource.plural, self.position)
                    self._listed = False
                failures += 1
                self._report(failures, error)
            except UnreachableError as error:
                failures += 1
                self._report(failures, error)
            await asyncio.sleep(pause(max(1, failures), self._dice()))

    def observe(self, document: Document) -> None:
        """Takes in what the store answered to a write of our own, ahead of the watch, as no edit.

        Ignored where the watch has been there already: an older answer must not bring a deleted object back.
        """
        revision = revision_of(document)
        key = key_of(document)
        held = self.documents.get(key)
        if held is not None and revision > revision_of(held):
            self.documents[key] = document

    async def refresh(self) -> None:
        """Lists once more, beside the watch, to move `position` up. Raises as the provider does."""
        before = self.position
        listing = await self._provider.list(self.resource)
        if self.position == before and int(listing.resource_version) > before:
            self._take(tuple(self._newer(each) for each in listing.items), int(listing.resource_version))

    def _newer(self, document: Document) -> Document:
        """What we observed while the list was on its way, if that is newer."""
        held = self.documents.get(key_of(document))
        return held if held is not None and revision_of(held) > revision_of(document) else document

    async def _list(self) -> None:
        listing = await self._provider.list(self.resource)
        self._take(listing.items, int(listing.resource_version))
        self._listed = True
        self.synced.set()

    def _take(self, items: tuple[Document, ...], position: int) -> None:
        documents = {key_of(each): each for each in items}
        for key, document in documents.items():
            held = self.documents.get(key)
            if held is not None and revision_of(held) == revision_of(document) and held == document:
                documents[key] = held
        old = self.documents
        if documents.keys() != old.keys() or any(documents[key] is not old[key] for key in old):
            self.documents = documents
            self.edits += 1
        self.position = position
        self._changed()

    def _apply(self, event: WatchEvent) -> None:
        if isinstance(event, Bookmark):
            revision = int(event.resource_version)
        else:
            revision = revision_of(event.document)
            if revision <= self.position:
                return  # a watch that was resumed may tell again what was told
            self._edit(event.document, deleted=isinstance(event, Deleted))
        if revision > self.position:
            self.position = revision
            self._changed()

    def _edit(self, document: Document, *, deleted: bool) -> None:
        key = key_of(document)
        held = self.documents.get(key)
        if deleted:
            if held is not None:
                del self.documents[key]
                self.edits += 1
        elif held is None or revision_of(document) > revision_of(held):
            self.documents[key] = document
            if held is not None and _same_but_status(held, document):
                self.echoes += 1
            else:
                self.edits += 1

    def _report(self, failures: int, error: Exception) -> None:
        if failures == 1 or failures % 20 == 0:
            log.warning("%s: %s (try %d)", self.resource.plural, error, failures)


def _same_but_status(before: Document, after: Document) -> bool:
    if any(before.get(name) != after.get(name) for name in before.keys() | after.keys() if name not in APART):
        return False
    old, new = before["metadata"], after["metadata"]
    return not any(old.get(name) != new.get(name) for name in old.keys() | new.keys() if name not in BOOKKEEPING)
