"""What of a body keeps a conversation on one side."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnout.inference.affinity import field_of, prefix_of


@pytest.mark.parametrize(
    ("value", "found"),
    [('"anna"', "anna"), ('"\\u00e4"', "ä"), ("17", "17"), ("true", "true"), ("null", ""), ("{}", ""), ("[1]", "")],
)
def test_a_scalar_field_is_its_text(value: str, found: str) -> None:
    assert field_of(f'{{"user": {value}}}'.encode(), "user") == found


def test_a_field_that_is_not_there_is_no_key() -> None:
    assert field_of(b'{"model": "m"}', "user") == ""


def chat(*contents: str) -> bytes:
    return json.dumps({"messages": [{"role": "user", "content": each} for each in contents]}).encode()


def test_a_conversation_keeps_its_key_as_it_grows() -> None:
    assert prefix_of(chat("a", "b"), 2) == prefix_of(chat("a", "b", "c", "d"), 2) != ""


def test_conversations_that_begin_otherwise_have_other_keys() -> None:
    assert prefix_of(chat("a", "b"), 2) != prefix_of(chat("a", "c"), 2)


@given(st.binary(max_size=60), st.sampled_from(["user", ""]))
def test_no_body_is_refused(body: bytes, name: str) -> None:
    assert isinstance(field_of(body, name), str)
    assert isinstance(prefix_of(body, 2), str)
