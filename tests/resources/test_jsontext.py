"""JSON is read as JSON, by way of YAML."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from turnout.resources.jsontext import as_yaml
from turnout.resources.yamltree import trees

TEXT = st.text(max_size=10)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=10,
)
OBJECT = st.dictionaries(TEXT, JSON, max_size=3)


def value(text: str) -> Any:
    (tree,) = trees(as_yaml(text))
    return tree.json()


@given(OBJECT, st.booleans(), st.sampled_from([None, 2, "\t"]), st.booleans())
@settings(max_examples=200, deadline=None)
def test_json_is_read_as_json(document: Any, ascii_only: bool, indent: Any, compact: bool) -> None:
    separators = (",", ":") if compact else None
    assert value(json.dumps(document, ensure_ascii=ascii_only, indent=indent, separators=separators)) == document


@pytest.mark.parametrize("text", ['{"a": "\\\\ud83d\\\\ude00"}', '{"a": "\\ud83d\\ude00"}', '{"a": "\\u0041\\/"}'])
def test_escapes_are_told_apart(text: str) -> None:
    assert value(text) == json.loads(text)


def test_what_is_no_json_is_left_alone() -> None:
    assert as_yaml("{a: \t1}") == "{a: \t1}"
    assert as_yaml("a: '\\ud83d\\ude00'") == "a: '\\ud83d\\ude00'"


def test_lines_stay_where_they_are() -> None:
    text = '{\n\t"a": "\u2028",\n\t"b": 1\n}'
    assert as_yaml(text).count("\n") == text.count("\n")
