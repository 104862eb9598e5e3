"""Strategic merge patch (Kubernetes API conventions), as far as the core kinds served here need it.

Maps merge. Lists are replaced whole, except `metadata.finalizers` (a set), `metadata.ownerReferences` (by `uid`) and
`status.conditions` (by `type`). The directives `$patch: replace` and `$patch: delete`, `$retainKeys` and
`$deleteFromPrimitiveList` are followed; `$setElementOrder` is not: no list here has an order that matters.
"""

from turnout.resources.document import JSON, Document

MERGE_KEYS = {"ownerReferences": "uid", "conditions": "type"}
SETS = ("finalizers",)
DELETE = "$deleteFromPrimitiveList/"


def strategic_merge(target: JSON, patch: JSON) -> JSON:
    """`patch` laid over `target`; neither is changed. Raises ValueError on a directive that is not known."""
    if not isinstance(patch, dict):
        return patch
    directive = patch.get("$patch")
    if directive not in (None, "merge", "replace", "delete"):
        raise ValueError(f"unknown $patch directive {directive!r}")
    merged: Document = dict(target) if isinstance(target, dict) and directive in (None, "merge") else {}
    if directive == "delete":
        return merged
    if "$retainKeys" in patch:
        merged = {key: value for key, value in merged.items() if key in patch["$retainKeys"]}
    for key, value in patch.items():
        if key.startswith(DELETE):
            name = key.removeprefix(DELETE)
            merged[name] = [each for each in _items(merged.get(name)) if each not in _items(value)]
    for key, value in patch.items():
        if key.startswith("$"):
            continue
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _field(key, merged.get(key), value)
    return merged


def _field(key: str, old: JSON, new: JSON) -> JSON:
    if isinstance(new, dict):
        return strategic_merge(old, new)
    if isinstance(new, list) and key in SETS:
        kept = _items(old)
        return kept + [each for each in new if each not in kept]
    if isinstance(new, list) and key in MERGE_KEYS:
        return _keyed(MERGE_KEYS[key], _items(old), new)
    return new


def _keyed(merge_key: str, old: list[JSON], new: list[JSON]) -> list[JSON]:
    """`new` merged into `old` by `merge_key`; `{"$patch": "replace"}` as an item clears what was there."""
    if any(isinstance(each, dict) and each.get("$patch") == "replace" for each in new):
        return [each for each in new if not (isinstance(each, dict) and "$patch" in each)]
    merged = list(old)
    for each in new:
        if not isinstance(each, dict) or merge_key not in each:
            raise ValueError(f"an item without its merge key {merge_key!r}")
        place = next((i for i, item in enumerate(merged) if item.get(merge_key) == each[merge_key]), None)
        if each.get("$patch") == "delete":
            merged = [item for item in merged if item.get(merge_key) != each[merge_key]]
        elif place is None:
            merged.append(strategic_merge(None, each))
        else:
            merged[place] = strategic_merge(merged[place], each)
    return merged


def _items(value: JSON) -> list[JSON]:
    return list(value) if isinstance(value, list) else []
