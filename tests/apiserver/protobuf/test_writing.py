"""What is written is read again."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from turnout.apiserver.protobuf.wire import Field, Message, Scalar, read
from turnout.apiserver.protobuf.writing import double, integer, message, text

NUMBERS = st.integers(1, 1000)


@given(NUMBERS, st.text(min_size=1))
def test_a_text_is_read_again(number: int, value: str) -> None:
    assert read(Message({number: Field("it")}), text(number, value)) == {"it": value}


@given(NUMBERS, st.integers(1, 2**63 - 1))
def test_a_whole_number_is_read_again(number: int, value: int) -> None:
    assert read(Message({number: Field("it", Scalar.INT)}), integer(number, value)) == {"it": value}


@given(st.lists(st.text(min_size=1), min_size=1))
def test_messages_are_read_again_in_order(values: list[str]) -> None:
    inner = Message({1: Field("text")})
    data = b"".join(message(2, text(1, value)) for value in values)

    assert read(Message({2: Field("many", inner, repeated=True)}), data) == {
        "many": [{"text": each} for each in values]
    }


def test_a_floating_point_number_has_eight_bytes_and_is_skipped_by_who_does_not_know_it() -> None:
    data = double(7, 1.5)

    assert data == b"\x39" + struct.pack("<d", 1.5)
    assert read(Message({1: Field("text")}), data + text(1, "a")) == {"text": "a"}


def test_an_empty_text_is_nothing() -> None:
    assert text(1, "") == b""
