"""YAML as Kubernetes reads it: duplicate keys, aliases, scalars."""

import json
import re
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from turnout.resources.yamltree import UnreadableError, trees

# PyYAML writes the text "0E0" without quotes; Kubernetes, as YAML 1.2 has it, reads that as a number.
TEXT = st.text(max_size=10).filter(lambda text: not re.fullmatch(r"[-+]?[0-9._]+[eE][-+]?[0-9]+", text))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=10,
)


def value(text: str) -> Any:
    (tree,) = trees(text)
    return tree.json()


def fault(text: str) -> tuple[int, str]:
    with pytest.raises(UnreadableError) as caught:
        list(trees(text))
    return caught.value.line, caught.value.text


@given(JSON)
@settings(max_examples=100, deadline=None)
def test_what_is_dumped_as_yaml_is_read_back(document: Any) -> None:
    assert value(yaml.safe_dump(document)) == document


@given(st.text(alphabet="ab:- \n[]{}&*<!'\"#|>%1", max_size=30))
@settings(max_examples=200, deadline=None)
def test_any_text_is_read_or_refused_with_a_line(text: str) -> None:
    try:
        read = [tree.json() for tree in trees(text)]
    except UnreadableError as error:
        read = [error.line]
        refused_in = range(1, text.count("\n") + 3)
        assert error.line in refused_in  # noqa: PT017 - both outcomes are right; this one has a line
    json.dumps(read)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("yes", True),
        ("off", False),
        ("~", None),
        ("", None),
        ("010", 8),
        ("0x1F", 31),
        ("1_000", 1000),
        ("1.5e3", 1500.0),
        ("-3", -3),
        ("'1'", "1"),
        ('"yes"', "yes"),
        ("!!str 1", "1"),
        ("2026-08-01", "2026-08-01"),
        ("2026-08-01T00:00:00Z", "2026-08-01T00:00:00Z"),
        ("12:30", "12:30"),
        ("09", "09"),
        ("1e3", 1000.0),
        ("1E-2", 0.01),
        ("'1e3'", "1e3"),
        ("1e", "1e"),
    ],
)
def test_a_scalar_is_what_json_can_hold(text: str, expected: Any) -> None:
    found = value(f"a: {text}")["a"]
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize("text", [".inf", ".nan", "9" * 5000])
def test_a_number_that_json_cannot_hold_is_refused(text: str) -> None:
    assert "is no number that JSON can hold" in fault(f"a: 1\nb: {text}")[1]


def test_keys_are_text() -> None:
    assert value("1: a\ntrue: b\n1.5: c\n'x y': d\n") == {"1": "a", "true": "b", "1.5": "c", "x y": "d"}


def test_a_key_that_is_there_twice_is_refused_at_the_second() -> None:
    assert fault("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n") == (5, 'key "c" is already set on line 3')


def test_an_alias_is_what_it_names() -> None:
    assert value("a: &x {b: 1}\nc: *x\n") == {"a": {"b": 1}, "c": {"b": 1}}


def test_a_merged_key_gives_way_to_its_own() -> None:
    assert value("x: &x {a: 1, b: 1}\ny:\n  <<: *x\n  a: 2\nz:\n  a: 3\n  <<: [*x]\n") == {
        "x": {"a": 1, "b": 1},
        "y": {"a": 2, "b": 1},
        "z": {"a": 3, "b": 1},
    }


def test_a_merge_in_quotes_is_a_key() -> None:
    assert value("'<<': {a: 1}") == {"<<": {"a": 1}}


def test_aliases_cannot_blow_up() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    line, text = fault("\n".join(lines))
    assert "aliases stand for more than" in text
    assert line <= 6


def test_an_alias_inside_of_what_it_names_is_refused() -> None:
    assert fault("a: &a\n  b: *a\n") == (2, "alias *a is inside of what it names")


def test_an_alias_of_nothing_is_refused() -> None:
    assert fault("a: 1\nb: *nothing\n")[0] == 2


def test_deep_nesting_is_refused() -> None:
    assert "nested more than 64 levels deep" in fault("[" * 100_000)[1]


@pytest.mark.parametrize("text", ["a: !!binary aGk=", "a: !own x", "a: !!set {x}", "a: !!python/object:os.system x"])
def test_other_tags_are_refused(text: str) -> None:
    assert fault(f"x: 1\n{text}") == (2, fault(text)[1])
    assert "is not read" in fault(text)[1]


@pytest.mark.parametrize("text", ["? [a]\n: b", "? {a: b}\n: c", "&x a: b"])
def test_a_key_that_is_no_plain_text_is_refused(text: str) -> None:
    assert fault(text)[0] == 1
