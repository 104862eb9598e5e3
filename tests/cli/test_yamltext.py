"""YAML as kubectl writes it."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from turnout.cli.yamltext import as_yaml, reads_otherwise
from turnout.resources.manifests import Manifest, read

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abc"), inner),
    max_leaves=10,
)


@given(VALUES)
def test_what_is_written_reads_the_same(value: object) -> None:
    assert yaml.safe_load(as_yaml(value)) == value


@given(st.dictionaries(st.text("abc", min_size=1), VALUES, min_size=1))
def test_manifests_written_are_read_the_same(value: dict[str, object]) -> None:
    (found,) = read(as_yaml({"kind": "A", "spec": value}))
    assert isinstance(found, Manifest)
    assert found.document == {"kind": "A", "spec": value}


def test_keys_are_sorted_and_lists_are_not_indented() -> None:
    assert as_yaml({"b": [{"d": 1, "c": 2}], "a": {}}) == "a: {}\nb:\n- c: 2\n  d: 1\n"


@pytest.mark.parametrize("text", ["", "1", "1.5", "1e5", "0x1f", "yes", "Off", "null", "~", "2026-01-01", "12:30", "y"])
def test_text_that_would_read_as_something_else_is_in_double_quotes(text: str) -> None:
    assert reads_otherwise(text)
    assert as_yaml({"a": text}) == f'a: "{text}"\n'


@pytest.mark.parametrize("text", ["a", "1s", "10.0.0.1", "v1", "1.2.3", "default", "nope"])
def test_other_text_is_plain(text: str) -> None:
    assert as_yaml({"a": text}) == f"a: {text}\n"


def test_lines_are_kept_as_lines() -> None:
    assert as_yaml({"a": "b\nc\n"}) == "a: |\n  b\n  c\n"


def test_what_is_there_twice_is_written_twice() -> None:
    same = {"x": 1}
    assert as_yaml([same, same]) == "- x: 1\n- x: 1\n"
