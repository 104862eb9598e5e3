"""The protobuf wire format."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnout.apiserver.protobuf.messages import MESSAGES
from turnout.apiserver.protobuf.wire import Field, Message, Scalar, WireError, read

ONE = Message(
    {
        1: Field("text"),
        2: Field("count", Scalar.INT),
        3: Field("flag", Scalar.BOOL),
        4: Field("bytes", Scalar.BYTES),
        5: Field("time", Scalar.TIME),
        6: Field("moment", Scalar.MICRO_TIME),
        7: Field("json", Scalar.RAW_JSON),
        8: Field("many", repeated=True),
        9: Field("inner", Message({1: Field("name")})),
        10: Field("named", Scalar.BYTES, entries=True),
    }
)


@pytest.mark.parametrize(
    ("data", "document"),
    [
        (b"", {}),
        (b"\x0a\x01a", {"text": "a"}),
        (b"\x0a\x00", {}),
        (b"\x10\xac\x02", {"count": 300}),
        (b"\x10" + b"\xff" * 9 + b"\x01", {"count": -1}),
        (b"\x10\x00", {}),
        (b"\x18\x00", {"flag": False}),
        (b"\x18\x01", {"flag": True}),
        (b"\x22\x01a", {"bytes": "YQ=="}),
        (b"\x2a\x00", {}),
        (b"\x2a\x02\x08\x01", {"time": "1970-01-01T00:00:01Z"}),
        (b"\x32\x05\x08\x01\x10\xd0\x0f", {"moment": "1970-01-01T00:00:01.000002Z"}),
        (b"\x3a\x04\x0a\x02{}", {}),
        (b'\x3a\x09\x0a\x07{"a":1}', {"json": {"a": 1}}),
        (b"\x42\x01a\x42\x00", {"many": ["a", ""]}),
        (b"\x4a\x03\x0a\x01x", {"inner": {"name": "x"}}),
        (b"\x52\x06\x0a\x01k\x12\x01a\x52\x03\x0a\x01l", {"named": {"k": "YQ==", "l": ""}}),
        (b"\x7a\x01z\x0a\x01a", {"text": "a"}),
        (b"\x79" + b"12345678" + b"\x7d" + b"1234" + b"\x0a\x01a", {"text": "a"}),
    ],
)
def test_a_message_is_read_as_json(data: bytes, document: object) -> None:
    assert read(ONE, data) == document


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\x0a\x05a", "ends within a field"),
        (b"\x10\x80", "ends within a number"),
        (b"\x10" + b"\xff" * 11, "more than 64 bits"),
        (b"\x0a\x01\xff", "not UTF-8"),
        (b"\x08\x01", "number stands where bytes belong"),
        (b"\x12\x01a", "a number is not one"),
        (b"\x0b", "wire type 3"),
        (b"\x02\x00", "number 0"),
        (b"\x3a\x03\x0a\x01{", "holds none"),
        (b"\x2a\x0a\x08" + b"\xff" * 8 + b"\x7f", "out of range"),
    ],
)
def test_what_is_no_message_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(WireError, match=said):
        read(ONE, data)


@given(st.binary(max_size=200), st.sampled_from(list(MESSAGES.values())))
def test_any_bytes_are_a_message_or_refused(data: bytes, message: Message) -> None:
    with contextlib.suppress(WireError):
        assert isinstance(read(message, data), dict)
