"""JSON Patch: the examples of RFC 6902, appendix A, and what must always hold."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnout.apiserver.jsonpatch import MAX_OPERATIONS, PatchError, apply_patch, same

EXAMPLES: dict[str, tuple[Any, list[Any], Any]] = {
    "A.1 an object member": (
        {"foo": "bar"},
        [{"op": "add", "path": "/baz", "value": "qux"}],
        {"baz": "qux", "foo": "bar"},
    ),
    "A.2 an array element": (
        {"foo": ["bar", "baz"]},
        [{"op": "add", "path": "/foo/1", "value": "qux"}],
        {"foo": ["bar", "qux", "baz"]},
    ),
    "A.3 removing a member": ({"baz": "qux", "foo": "bar"}, [{"op": "remove", "path": "/baz"}], {"foo": "bar"}),
    "A.4 removing an element": (
        {"foo": ["bar", "qux", "baz"]},
        [{"op": "remove", "path": "/foo/1"}],
        {"foo": ["bar", "baz"]},
    ),
    "A.5 replacing": (
        {"baz": "qux", "foo": "bar"},
        [{"op": "replace", "path": "/baz", "value": "boo"}],
        {"baz": "boo", "foo": "bar"},
    ),
    "A.6 moving": (
        {"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}},
        [{"op": "move", "from": "/foo/waldo", "path": "/qux/thud"}],
        {"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}},
    ),
    "A.7 moving an element": (
        {"foo": ["all", "grass", "cows", "eat"]},
        [{"op": "move", "from": "/foo/1", "path": "/foo/3"}],
        {"foo": ["all", "cows", "eat", "grass"]},
    ),
    "A.8 testing": (
        {"baz": "qux", "foo": ["a", 2, "c"]},
        [{"op": "test", "path": "/baz", "value": "qux"}, {"op": "test", "path": "/foo/1", "value": 2}],
        {"baz": "qux", "foo": ["a", 2, "c"]},
    ),
    "A.10 a nested member": (
        {"foo": "bar"},
        [{"op": "add", "path": "/child", "value": {"grandchild": {}}}],
        {"foo": "bar", "child": {"grandchild": {}}},
    ),
    "A.11 unknown elements": (
        {"foo": "bar"},
        [{"op": "add", "path": "/baz", "value": "qux", "xyz": 123}],
        {"foo": "bar", "baz": "qux"},
    ),
    "A.14 escapes": (
        {"/": 9, "~1": 10},
        [{"op": "test", "path": "/~01", "value": 10}, {"op": "replace", "path": "/~1", "value": 8}],
        {"/": 8, "~1": 10},
    ),
    "A.16 an array at the end": (
        {"foo": ["bar"]},
        [{"op": "add", "path": "/foo/-", "value": ["abc", "def"]}],
        {"foo": ["bar", ["abc", "def"]]},
    ),
    "copying": (
        {"a": {"b": 1}},
        [{"op": "copy", "from": "/a", "path": "/c"}, {"op": "replace", "path": "/c/b", "value": 2}],
        {"a": {"b": 1}, "c": {"b": 2}},
    ),
    "the whole document": ({"a": 1}, [{"op": "replace", "path": "", "value": {"b": 2}}], {"b": 2}),
    "moving to where it is": ({"a": 1}, [{"op": "move", "from": "/a", "path": "/a"}], {"a": 1}),
}

REFUSED: dict[str, list[Any]] = {
    "A.9 a test that fails": [{"op": "test", "path": "/foo", "value": "bar"}],
    "A.12 no parent": [{"op": "add", "path": "/baz/bat", "value": "qux"}],
    "A.15 text is not a number": [{"op": "test", "path": "/ten", "value": "10"}],
    "true is not one": [{"op": "test", "path": "/one", "value": True}],
    "removing what is not there": [{"op": "remove", "path": "/baz"}],
    "replacing what is not there": [{"op": "replace", "path": "/baz", "value": 1}],
    "beyond the end": [{"op": "add", "path": "/list/3", "value": 1}],
    "an index with a leading zero": [{"op": "add", "path": "/list/00", "value": 1}],
    "a negative index": [{"op": "remove", "path": "/list/-1"}],
    "the end is no element": [{"op": "remove", "path": "/list/-"}],
    "into itself": [{"op": "move", "from": "/foo", "path": "/foo/bar"}],
    "into text": [{"op": "add", "path": "/text/bar", "value": 1}],
    "an unknown op": [{"op": "spam", "path": "/foo"}],
    "no value": [{"op": "add", "path": "/bar"}],
    "no path": [{"op": "remove"}],
    "a path without a slash": [{"op": "remove", "path": "foo"}],
    "an operation that is no object": ["remove"],
    "removing everything": [{"op": "remove", "path": ""}],
}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab/~", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab/~", max_size=2), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_hold(name: str) -> None:
    document, patch, expected = EXAMPLES[name]
    before = copy.deepcopy(document)

    assert apply_patch(document, patch) == expected
    assert document == before


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_done_is_refused(name: str) -> None:
    document = {"foo": {"a": 1}, "list": [1, 2], "ten": 10, "one": 1, "text": "t"}

    with pytest.raises(PatchError, match="operation 0: "):
        apply_patch(document, REFUSED[name])


def test_too_many_operations_are_refused() -> None:
    with pytest.raises(PatchError, match="operations are more than"):
        apply_patch({}, [{"op": "test", "path": "", "value": {}}] * (MAX_OPERATIONS + 1))


def test_copies_cannot_grow_a_document_without_bound() -> None:
    with pytest.raises(PatchError, match="copies of more than"):
        apply_patch({"a": ["x" * 100]}, [{"op": "copy", "from": "/a", "path": "/a/-"}] * 60)


@given(json_values, json_values)
def test_replacing_the_whole_gives_the_value(document: Any, value: Any) -> None:
    assert same(apply_patch(document, [{"op": "replace", "path": "", "value": value}]), value)


@given(st.dictionaries(st.text("ab/~", max_size=3), json_values, max_size=4), st.text("ab/~", max_size=3), json_values)
def test_what_is_added_is_found_there_and_removed_again(document: dict[str, Any], key: str, value: Any) -> None:
    path = "/" + key.replace("~", "~0").replace("/", "~1")

    added = apply_patch(document, [{"op": "add", "path": path, "value": value}])

    assert same(added[key], value)
    kept = {name: inner for name, inner in document.items() if name != key}
    assert same(apply_patch(added, [{"op": "remove", "path": path}]), kept)
