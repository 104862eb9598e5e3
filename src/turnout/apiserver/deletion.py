"""Deletes: finalizers hold an object, and a Namespace goes once everything in it has gone."""

from collections.abc import Callable

from msgspec import Struct

from turnout.apiserver.attempts import attempt, attempt_one
from turnout.apiserver.errors import forbidden_object, not_found
from turnout.apiserver.garbage import FOREGROUND, ORPHAN, Garbage
from turnout.apiserver.lifecycle import PERMANENT, check_delete, deleting, is_deleting, is_finished, terminating
from turnout.apiserver.object_store import ObjectStore
from turnout.apiserver.options import DeleteOptions, Policy
from turnout.apiserver.paths import Target
from turnout.apiserver.stored import Key, Stored, Transaction
from turnout.resources.document import Document

Clock = Callable[[], str]
"""The time as RFC 3339 text."""


class Deleted(Struct, frozen=True):
    """What a delete made of an object: `removed`, or marked as on its way out. `last` is how it is or was."""

    last: Stored
    removed: bool


class Deletion:
    """The deletes on one store."""

    def __init__(self, store: ObjectStore, now: Clock) -> None:
        self._store = store
        self._now = now
        self._garbage = Garbage(store, now)

    async def delete(self, target: Target, options: DeleteOptions) -> Deleted:
        """Removes the object, or marks it while it has finalizers. Raises StatusError with nothing changed."""
        while True:
            stored = self._store.get(target.key)
            if stored is None:
                raise not_found(target.kind, target.name)
            check_delete(target.kind, stored.document, options.uid, options.resource_version)
            if target.kind.kind == "Namespace":
                return await self._delete_namespace(target, stored, dry_run=options.dry_run)
            finalizers = _held(stored, options.policy)
            if options.dry_run:
                return Deleted(stored, removed=not finalizers)
            if is_deleting(stored.document) and finalizers == stored.document["metadata"].get("finalizers"):
                return Deleted(stored, removed=False)
            last = await attempt_one(
                self._store, stored.key, _marked(stored, finalizers, self._now()), {stored.key: stored.version}
            )
            if last is not None:
                await self.settle(last)
                left = self._store.get(last.key)
                return Deleted(last, removed=left is None or left.document["metadata"]["uid"] != _uid(last))

    async def recover(self) -> None:
        """Ends the deletions that an earlier process began."""
        await self._garbage.recover()
        for stored in self._store.list(("", "namespaces")):
            await self.sweep(stored.key.name)

    async def settle(self, *changed: Stored) -> None:
        """Does what follows from objects that were written, marked or removed."""
        for namespace in await self._garbage.settle(changed):
            await self.sweep(namespace)

    async def sweep(self, namespace: str) -> Stored | None:
        """Empties a Namespace that is on its way out, and removes it once it is empty: how it was last, if so.

        Nothing new can come in: every create expects its Namespace at a version at which it was open.
        """
        key = namespace_key(namespace)
        while (stored := self._store.get(key)) is not None and is_deleting(stored.document):
            inside = list(self._store.inside(namespace))
            if not inside and is_finished(stored.document):
                last = await attempt_one(self._store, key, None, {key: stored.version})
                if last is not None:
                    await self._garbage.settle([last])
                    return last
                continue
            writes: dict[Key, Document | None] = {each.key: None for each in inside if not _finalizers(each)}
            for each in inside:
                if _finalizers(each) and not is_deleting(each.document):
                    writes[each.key] = deleting(each.document, self._now())
            if not writes:
                return None
            expected = {each.key: each.version for each in inside if each.key in writes}
            changes = await attempt(self._store, Transaction(expected, writes))
            await self._garbage.settle(change.last for change in changes)
        return None

    async def _delete_namespace(self, target: Target, stored: Stored, *, dry_run: bool) -> Deleted:
        if target.name in PERMANENT:
            raise forbidden_object(target.kind, target.name, "this namespace may not be deleted")
        if dry_run:
            return Deleted(stored, removed=False)
        while not is_deleting(stored.document):
            closed = terminating(stored.document, self._now())
            await attempt_one(self._store, stored.key, closed, {stored.key: stored.version})
            found = self._store.get(stored.key)
            if found is None:
                raise not_found(target.kind, target.name)
            stored = found
        last = await self.sweep(target.name)
        return Deleted(last or stored, removed=last is not None)


def namespace_key(name: str) -> Key:
    """The key of a Namespace."""
    return Key("", "namespaces", "", name)


def _held(stored: Stored, policy: Policy | None) -> list[str]:
    """The finalizers of an object that is deleted with that policy."""
    finalizers = list(stored.document["metadata"].get("finalizers") or ())
    if policy is None:
        return finalizers
    kept = [each for each in finalizers if each not in (FOREGROUND, ORPHAN)]
    added = {Policy.FOREGROUND: [FOREGROUND], Policy.ORPHAN: [ORPHAN], Policy.BACKGROUND: []}[policy]
    return kept + added


def _marked(stored: Stored, finalizers: list[str], now: str) -> Document | None:
    """The object on its way out; None if nothing holds it."""
    if not finalizers:
        return None
    document = stored.document if is_deleting(stored.document) else deleting(stored.document, now)
    metadata = {key: value for key, value in document["metadata"].items() if key != "resourceVersion"}
    return {**document, "metadata": {**metadata, "finalizers": finalizers}}


def _uid(stored: Stored) -> str:
    return str(stored.document["metadata"]["uid"])


def _finalizers(stored: Stored) -> bool:
    return bool(stored.document["metadata"].get("finalizers"))
