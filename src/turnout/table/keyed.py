"""Parts by key, sorted: one version made from the one before at the cost of what has changed."""

from collections.abc import Mapping
from typing import TypeVar

K = TypeVar("K", bound="str | tuple[str, str]")
V = TypeVar("V")


def changed(before: Mapping[K, V], after: Mapping[K, V]) -> list[K]:
    """The keys whose value is another object in `after`, is new there, or is gone."""
    if before is after:
        return []
    found = [key for key, value in after.items() if before.get(key) is not value]
    if len(before) + sum(key not in before for key in found) != len(after):
        found += [key for key in before if key not in after]
    return found


def replaced(before: dict[K, V], changes: Mapping[K, V | None]) -> dict[K, V]:
    """`before` with the changes; None takes a key out. `before` itself where none is given."""
    if not changes:
        return before
    found = before.copy()
    for key, value in changes.items():
        if value is None:
            found.pop(key, None)
        else:
            found[key] = value
    return found


def revised(before: dict[K, V], changes: Mapping[K, V | None]) -> dict[K, V]:
    """What `replaced` gives, sorted by key as `before` was."""
    found = replaced(before, changes)
    if any(value is not None and key not in before for key, value in changes.items()):
        return dict(sorted(found.items()))
    return found
