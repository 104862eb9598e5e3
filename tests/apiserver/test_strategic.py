"""Strategic merge patch, as far as the core kinds need it."""

from typing import Any

import pytest

from turnout.apiserver.strategic import strategic_merge

CASES: dict[str, tuple[Any, Any, Any]] = {
    "maps merge": (
        {"metadata": {"labels": {"a": "1", "b": "2"}}},
        {"metadata": {"labels": {"b": None, "c": "3"}}},
        {"metadata": {"labels": {"a": "1", "c": "3"}}},
    ),
    "lists are replaced": ({"data": [1, 2]}, {"data": [3]}, {"data": [3]}),
    "finalizers are added": ({"finalizers": ["a"]}, {"finalizers": ["b", "a"]}, {"finalizers": ["a", "b"]}),
    "finalizers are deleted": (
        {"finalizers": ["a", "b"]},
        {"$deleteFromPrimitiveList/finalizers": ["a"], "$setElementOrder/finalizers": ["b"]},
        {"finalizers": ["b"]},
    ),
    "conditions merge by type": (
        {"conditions": [{"type": "A", "status": "False", "reason": "x"}, {"type": "B"}]},
        {"conditions": [{"type": "A", "status": "True"}, {"type": "C"}]},
        {"conditions": [{"type": "A", "status": "True", "reason": "x"}, {"type": "B"}, {"type": "C"}]},
    ),
    "owners are deleted by uid": (
        {"ownerReferences": [{"uid": "1"}, {"uid": "2"}]},
        {"ownerReferences": [{"uid": "1", "$patch": "delete"}]},
        {"ownerReferences": [{"uid": "2"}]},
    ),
    "a keyed list is replaced": (
        {"conditions": [{"type": "A"}]},
        {"conditions": [{"type": "B"}, {"$patch": "replace"}]},
        {"conditions": [{"type": "B"}]},
    ),
    "a map is replaced": ({"spec": {"a": 1}}, {"spec": {"$patch": "replace", "b": 2}}, {"spec": {"b": 2}}),
    "a map is emptied": ({"spec": {"a": 1}}, {"spec": {"$patch": "delete"}}, {"spec": {}}),
    "other keys are dropped": (
        {"spec": {"a": 1, "b": 2}},
        {"spec": {"$retainKeys": ["b", "c"], "c": 3}},
        {"spec": {"b": 2, "c": 3}},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_patch_is_laid_over(name: str) -> None:
    target, patch, expected = CASES[name]

    assert strategic_merge(target, patch) == expected


def test_an_unknown_directive_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown \\$patch directive 'spam'"):
        strategic_merge({}, {"$patch": "spam"})


def test_an_item_without_its_key_is_refused() -> None:
    with pytest.raises(ValueError, match="merge key 'type'"):
        strategic_merge({"conditions": []}, {"conditions": [{"status": "True"}]})
