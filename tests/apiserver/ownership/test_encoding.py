"""FieldsV1 and back."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from tests.support.ownership import field_sets
from turnout.apiserver.ownership.encoding import DEEPEST, MalformedError, decoded, encoded
from turnout.apiserver.ownership.paths import FieldSet


@settings(max_examples=100, deadline=None)
@given(field_sets())
def test_a_set_comes_back_from_its_json(fields: FieldSet) -> None:
    assert decoded(msgspec.json.decode(msgspec.json.encode(encoded(fields)))) == fields


def test_a_path_with_others_below_it_has_a_dot_and_leaves_are_empty() -> None:
    fields = [("f:spec",), ("f:spec", "f:port"), ("f:labels", "f:a")]

    assert encoded(fields) == {"f:labels": {"f:a": {}}, "f:spec": {".": {}, "f:port": {}}}
    assert list(encoded(fields)) == ["f:labels", "f:spec"]


@pytest.mark.parametrize("tree", [[], {"f:a": 1}, {"spam": {}}, {"x:a": {}}, {"k:1": {}}, {"k:{": {}}, {"v:": {}}])
def test_what_is_no_set_is_refused(tree: Any) -> None:
    with pytest.raises(MalformedError):
        decoded(tree)


def test_a_deep_set_is_refused() -> None:
    tree: dict[str, Any] = {}
    for _ in range(DEEPEST + 1):
        tree = {"f:a": tree}

    with pytest.raises(MalformedError, match="more than 128 elements"):
        decoded(tree)
