"""All objects: read in the event loop from memory, written through the committer, watched through windows.

What a reader or a watch sees is on the disk. A write's answer comes after readers see it.
"""

import asyncio
from collections.abc import Iterable, Sequence
from itertools import groupby

from turnout.apiserver.committer import Committer, Outcome, Request
from turnout.apiserver.database import Database
from turnout.apiserver.dependents import Dependents
from turnout.apiserver.stored import Change, Key, StorageError, Stored, Transaction
from turnout.apiserver.window import SIZE, Watch, Window

Resource = tuple[str, str]
"""(group, plural)."""


class ObjectStore:
    """The objects of one database, inside a running event loop. Raises `database.DatabaseError`.

    `version` is the newest resourceVersion that readers see. `dependents` are the objects that readers see, by owner.
    `ended` is done when no more can be written.
    """

    def __init__(self, database: Database, window_size: int = SIZE) -> None:
        self.version, objects = database.load()
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._window_size = window_size
        self._floor = self.version
        self._closing = False
        self._waiting: set[asyncio.Future[tuple[Change, ...]]] = set()
        self._objects: dict[Resource, dict[Key, Stored]] = {}
        self._windows: dict[Resource, Window] = {}
        self.dependents = Dependents()
        for stored in objects:
            self._objects.setdefault(stored.key.resource, {})[stored.key] = stored
            self.dependents.see(stored.key, None, stored)
        self._committer = Committer(database, self.version, objects, self._published, self._end)

    def get(self, key: Key) -> Stored | None:
        """The object, or None."""
        return self._objects.get(key.resource, {}).get(key)

    def list(self, resource: Resource, namespace: str = "") -> list[Stored]:
        """The objects of a kind in order of namespace and name; of one namespace when one is given."""
        objects = self._objects.get(resource, {})
        return [objects[key] for key in sorted(objects) if not namespace or key.namespace == namespace]

    def snapshot(self, resource: Resource, namespace: str, version: int) -> Sequence[Stored]:
        """What `list` gave at `version`, which is not newer than this store's. Raises `window.ExpiredError`."""
        if version == self.version:
            return self.list(resource, namespace)
        objects = dict(self._objects.get(resource, {}))
        for change in reversed(self._window(resource).since(version)):
            if change.before is None:
                objects.pop(change.key, None)
            else:
                objects[change.key] = change.before
        return [objects[key] for key in sorted(objects) if not namespace or key.namespace == namespace]

    def inside(self, namespace: str) -> Iterable[Stored]:
        """Every object of every kind in a namespace."""
        for objects in self._objects.values():
            yield from (stored for stored in objects.values() if stored.key.namespace == namespace)

    def every(self) -> Iterable[Stored]:
        """Every object."""
        for objects in self._objects.values():
            yield from objects.values()

    async def commit(self, transaction: Transaction) -> tuple[Change, ...]:
        """The changes made, once they are on the disk. Raises StaleError or StorageError with nothing changed."""
        if self.ended.done():
            raise StorageError("the store is closed")
        answer: asyncio.Future[tuple[Change, ...]] = asyncio.get_running_loop().create_future()
        self._waiting.add(answer)
        answer.add_done_callback(self._waiting.discard)
        self._committer.submit(Request(transaction, answer))
        # Shielded, because the transaction happens whether or not the one who asked is still there.
        return await asyncio.shield(answer)

    def watch(self, resource: Resource, version: int) -> Watch:
        """The changes of a kind after `version`. Raises `window.ExpiredError`."""
        watch = self._window(resource).watch(version)
        if self._closing:
            watch.close()
        return watch

    def end_watches(self) -> None:
        """Ends every watch, and those that begin later too."""
        self._closing = True
        for window in self._windows.values():
            window.close()

    async def close(self) -> None:
        """Returns when all that was asked for is committed and the file is closed."""
        self._committer.close()
        await self.ended

    def _published(self, outcomes: Sequence[Outcome]) -> None:
        changes = [change for outcome in outcomes for change in outcome.changes]
        for resource, group in groupby(changes, lambda change: change.key.resource):
            self._see(resource, list(group))
        if changes:
            self.version = changes[-1].version
        for outcome in outcomes:
            if outcome.error is not None:
                outcome.request.answer.set_exception(outcome.error)
            else:
                outcome.request.answer.set_result(outcome.changes)

    def _see(self, resource: Resource, changes: Sequence[Change]) -> None:
        objects = self._objects.setdefault(resource, {})
        for change in changes:
            self.dependents.see(change.key, change.before, change.after)
            if change.after is None:
                objects.pop(change.key, None)
            else:
                objects[change.key] = change.after
        self._window(resource).add(changes)

    def _window(self, resource: Resource) -> Window:
        if resource not in self._windows:
            self._windows[resource] = Window(self._floor, self._window_size)
        return self._windows[resource]

    def _end(self) -> None:
        if not self.ended.done():
            self.ended.set_result(None)
        for answer in list(self._waiting):
            answer.set_exception(StorageError("the store has failed; whether the change is stored is unknown"))
