"""JSON merge patch (RFC 7396): to apply one, to find one, and the three-way form of `kubectl apply`."""

from typing import Any

from turnout.resources.document import Document


def merge(target: Any, patch: Any) -> Any:
    """RFC 7396 `MergePatch(target, patch)`. Neither is changed; unchanged parts are shared."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), value)
    return merged


def difference(old: Document, new: Document) -> Document:
    """The smallest patch from one to the other: merged into `old` it gives `new`.

    A null inside `new` cannot be said in a merge patch and reads as absence.
    """
    patch: Document = {key: None for key in old if new.get(key) is None}
    for key, value in new.items():
        if value is None:
            continue
        before = old.get(key)
        if isinstance(before, dict) and isinstance(value, dict):
            inner = difference(before, value)
            if inner:
                patch[key] = inner
        elif before != value or isinstance(before, bool) != isinstance(value, bool):
            patch[key] = value
    return patch


def three_way(applied: Document, wanted: Document, live: Document) -> Document:
    """The patch that makes `live` hold what `wanted` says, without what only `applied`, the last such document, said.

    Fields of `live` that neither knows are left alone (defaults, status, what others wrote).
    """
    return _join(_without_nulls(difference(live, wanted)), _gone(applied, wanted, live))


def _without_nulls(patch: Document) -> Document:
    kept: Document = {}
    for key, value in patch.items():
        if isinstance(value, dict):
            inner = _without_nulls(value)
            if inner or not value:
                kept[key] = inner
        elif value is not None:
            kept[key] = value
    return kept


def _gone(applied: Document, wanted: Document, live: Document) -> Document:
    """Nulls for the keys that `applied` has, `live` still has and `wanted` has no longer."""
    nulls: Document = {}
    for key, before in applied.items():
        if key not in live:
            continue
        after, current = wanted.get(key), live[key]
        if after is None:
            nulls[key] = None
        elif isinstance(before, dict) and isinstance(after, dict) and isinstance(current, dict):
            inner = _gone(before, after, current)
            if inner:
                nulls[key] = inner
    return nulls


def _join(changes: Document, nulls: Document) -> Document:
    joined = dict(changes)
    for key, value in nulls.items():
        if value is None:
            joined[key] = None
        else:
            joined[key] = _join(joined.get(key, {}), value)
    return joined
