"""Which objects name an object as their owner: an index by the owner's uid."""

from turnout.apiserver.stored import Key, Stored


class Dependents:
    """Kept up by telling it of every change."""

    def __init__(self) -> None:
        self._by_owner: dict[str, set[Key]] = {}

    def see(self, key: Key, before: Stored | None, after: Stored | None) -> None:
        """An object changed, came (no `before`) or went (no `after`)."""
        old, new = _owners(before), _owners(after)
        for uid in old - new:
            keys = self._by_owner[uid]
            keys.discard(key)
            if not keys:
                del self._by_owner[uid]
        for uid in new - old:
            self._by_owner.setdefault(uid, set()).add(key)

    def of(self, uid: str) -> list[Key]:
        """The objects that name that owner, in order."""
        return sorted(self._by_owner.get(uid, ()))

    def all(self) -> list[Key]:
        """Every object that has an owner, in order."""
        return sorted(set().union(*self._by_owner.values()))


def _owners(stored: Stored | None) -> set[str]:
    return {each["uid"] for each in stored.document["metadata"].get("ownerReferences") or ()} if stored else set()
