"""Garbage collection as Kubernetes does it: what becomes of an object's dependents once it goes.

Background: the owner goes, then its dependents. Foreground: the owner waits until the dependents that block it are
gone. Orphan: the dependents forget the owner, then it goes.
"""

from collections.abc import Callable, Iterable
from enum import Enum

from turnout.apiserver.attempts import attempt_one
from turnout.apiserver.lifecycle import PERMANENT, deleting, is_deleting, is_finished, terminating
from turnout.apiserver.object_store import ObjectStore
from turnout.apiserver.ownership.entries import UPDATE, Writer
from turnout.apiserver.stored import Key, Stored
from turnout.apiserver.tracking import bare, tracked_update
from turnout.resources.document import JSON, Document
from turnout.resources.kinds import find_kind, split_api_version

FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"
"""Finalizers that are the collector's."""
COLLECTOR = "garbage-collector"
NAMESPACES = ("", "namespaces")


class Owner(Enum):
    """The owner that a reference names: it is there, it waits for its dependents to go, or it is not there.

    An owner of a kind that is not served here, or that cannot own the object, counts as there: nothing is known of it.
    """

    SOLID = 1
    WAITING = 2
    ABSENT = 3


class Garbage:
    """The collector of one store. `now` gives the time as RFC 3339 text."""

    def __init__(self, store: ObjectStore, now: Callable[[], str]) -> None:
        self._store = store
        self._now = now

    async def settle(self, changed: Iterable[Stored]) -> set[str]:
        """Does all that follows from objects that were written or removed.

        It gives the namespaces that it looked into, those that are on their way out among them.
        """
        pending = {(stored.key, _uid(stored)): stored for stored in changed}
        touched: set[str] = set()
        while pending:
            (key, uid), last = next(iter(pending.items()))
            del pending[key, uid]
            touched.add(key.namespace or key.name)
            stored = self._store.get(key)
            if stored is None or _uid(stored) != uid:
                found = [*self._dependents(uid), *self._waiting_owners(last)]
            else:
                found = await self._look(stored)
            pending.update({(each.key, _uid(each)): each for each in found})
        return touched

    async def recover(self) -> None:
        """Does what an earlier process left undone."""
        dependents = [stored for key in self._store.dependents.all() if (stored := self._store.get(key)) is not None]
        await self.settle([*dependents, *(owner for each in dependents for owner in self._waiting_owners(each))])
        await self.settle(stored for stored in self._store.every() if _finalizers(stored) & {FOREGROUND, ORPHAN})

    async def _look(self, stored: Stored) -> list[Stored]:
        """Does what is to be done with an object that is there; gives what is to be looked at after that."""
        if is_deleting(stored.document):
            dependents = self._dependents(_uid(stored))
            if ORPHAN in _finalizers(stored):
                left = [each for each in dependents if not await self._forget(each, {_uid(stored)})]
                return [stored] if left else await self._release(stored, ORPHAN)
            if FOREGROUND in _finalizers(stored):
                circle = self._waiting_above(stored)
                if not any(_blocks(each, _uid(stored)) and _uid(each) not in circle for each in dependents):
                    return await self._release(stored, FOREGROUND)
                return [each for each in dependents if not is_deleting(each.document)]
            return []
        states = {each["uid"]: self._state(stored, each) for each in _references(stored)}
        gone = {uid for uid, state in states.items() if state is not Owner.SOLID}
        if not gone:
            return []
        if len(gone) < len(states):
            return self._waiting_owners(stored) if await self._forget(stored, gone) else [stored]
        return await self._delete(stored, foreground=Owner.WAITING in states.values())

    async def _delete(self, stored: Stored, *, foreground: bool) -> list[Stored]:
        """Removes what nobody owns any more, or marks it; in the foreground where others depend on it in turn."""
        metadata = stored.document["metadata"]
        finalizers = list(metadata.get("finalizers") or ())
        if foreground and any(FOREGROUND not in _finalizers(each) for each in self._dependents(_uid(stored))):
            finalizers.append(FOREGROUND)
        marked = deleting({**stored.document, "metadata": {**metadata, "finalizers": finalizers}}, self._now())
        return await self._put(stored, marked)

    async def _release(self, stored: Stored, finalizer: str) -> list[Stored]:
        metadata = stored.document["metadata"]
        finalizers = [each for each in metadata["finalizers"] if each != finalizer]
        return await self._put(stored, _changed(stored.document, "finalizers", finalizers, self._now()))

    async def _forget(self, stored: Stored, uids: set[str]) -> bool:
        """Takes owners from an object; False if it has changed meanwhile."""
        kept = [each for each in _references(stored) if each["uid"] not in uids]
        document = _changed(stored.document, "ownerReferences", kept, self._now())
        return await attempt_one(self._store, stored.key, document, {stored.key: stored.version}) is not None

    async def _put(self, stored: Stored, document: Document) -> list[Stored]:
        """Writes an object that is on its way out, or removes it if nobody keeps it; it is to be looked at again.

        A Namespace is only closed: its content goes first, and is swept by whoever asked to settle.
        """
        kept = None if is_finished(document) else document
        if stored.key.resource == NAMESPACES:
            if stored.key.name in PERMANENT:
                return []
            kept = terminating(document, self._now())
        await attempt_one(self._store, stored.key, kept, {stored.key: stored.version})
        return [stored]

    def _dependents(self, uid: str) -> list[Stored]:
        return [stored for key in self._store.dependents.of(uid) if (stored := self._store.get(key)) is not None]

    def _waiting_owners(self, stored: Stored) -> list[Stored]:
        found = [self._owner(stored, each) for each in _references(stored)]
        return [each for each in found if each is not None and is_deleting(each.document)]

    def _waiting_above(self, stored: Stored) -> set[str]:
        """The owners, and their owners in turn, that wait: they cannot be waited for from below."""
        found: set[str] = set()
        pending = self._waiting_owners(stored)
        while pending:
            owner = pending.pop()
            if _uid(owner) not in found:
                found.add(_uid(owner))
                pending += self._waiting_owners(owner)
        return found

    def _state(self, stored: Stored, reference: Document) -> Owner:
        if _owner_key(stored, reference) is None:
            return Owner.SOLID
        owner = self._owner(stored, reference)
        if owner is None:
            return Owner.ABSENT
        return Owner.WAITING if is_deleting(owner.document) and FOREGROUND in _finalizers(owner) else Owner.SOLID

    def _owner(self, stored: Stored, reference: Document) -> Stored | None:
        key = _owner_key(stored, reference)
        owner = self._store.get(key) if key is not None else None
        return owner if owner is not None and _uid(owner) == reference["uid"] else None


def _owner_key(stored: Stored, reference: Document) -> Key | None:
    """Where the owner is; None if its kind is not served here or cannot own the object."""
    kind = find_kind(*split_api_version(reference["apiVersion"]), reference["kind"])
    if kind is None or (kind.namespaced and not stored.key.namespace):
        return None
    return Key(kind.group, kind.plural, stored.key.namespace if kind.namespaced else "", reference["name"])


def _changed(document: Document, field: str, value: list[JSON], now: str) -> Document:
    """The object with a list of its metadata changed, or without it where nothing is left."""
    metadata = {key: one for key, one in document["metadata"].items() if key not in (field, "resourceVersion")}
    made = bare({**document, "metadata": {**metadata, **({field: value} if value else {})}})
    group, version = split_api_version(document["apiVersion"])
    kind = find_kind(group, version, document["kind"])
    assert kind is not None
    return tracked_update(kind, document, document, made, Writer(COLLECTOR, UPDATE, document["apiVersion"]), now)


def _references(stored: Stored) -> list[Document]:
    return list(stored.document["metadata"].get("ownerReferences") or ())


def _blocks(stored: Stored, uid: str) -> bool:
    return any(each["uid"] == uid and each.get("blockOwnerDeletion") for each in _references(stored))


def _finalizers(stored: Stored) -> frozenset[str]:
    return frozenset(stored.document["metadata"].get("finalizers") or ())


def _uid(stored: Stored) -> str:
    return str(stored.document["metadata"]["uid"])
