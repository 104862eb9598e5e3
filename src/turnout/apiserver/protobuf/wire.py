"""The protobuf wire format (protobuf.dev, "Encoding"), read by descriptions of messages. Other fields are skipped."""

import base64
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum

import msgspec
from msgspec import Struct

from turnout.resources.document import JSON, Document

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class WireError(Exception):
    """Bytes that are no message."""


class Scalar(Enum):
    """How the bytes of a field are a JSON value."""

    TEXT = "string"
    BYTES = "bytes"
    INT = "int64"
    BOOL = "bool"
    TIME = "metav1.Time"
    MICRO_TIME = "metav1.MicroTime"
    RAW_JSON = "metav1.FieldsV1"


class Field(Struct, frozen=True):
    """A field of a message: its name in JSON, and what it holds; `entries` is of a map with text as keys."""

    name: str
    type: "Scalar | Message" = Scalar.TEXT
    repeated: bool = False
    entries: bool = False


class Message(Struct, frozen=True):
    """The fields of a message by number."""

    fields: Mapping[int, Field]


def read(message: Message, data: bytes) -> Document:
    """The message as Kubernetes has it in JSON: what is empty is absent. Raises WireError."""
    document: Document = {}
    for number, kind, value in _tokens(data):
        field = message.fields.get(number)
        if field is None:
            continue
        if field.entries:
            key, one = _entry(field.type, value)
            document.setdefault(field.name, {})[key] = one
        elif field.repeated:
            document.setdefault(field.name, []).append(_value(field.type, kind, value))
        else:
            one = _value(field.type, kind, value)
            if one not in ("", {}, None) and (one != 0 or isinstance(one, bool)):
                document[field.name] = one
    return document


def _entry(type_: Scalar | Message, value: int | bytes) -> tuple[str, JSON]:
    key, one = "", _value(type_, BYTES, b"")
    for number, kind, inner in _tokens(_bytes(value)):
        if number == 1:
            key = _value(Scalar.TEXT, kind, inner)
        elif number == 2:
            one = _value(type_, kind, inner)
    return key, one


def _value(type_: Scalar | Message, kind: int, value: int | bytes) -> JSON:
    if isinstance(type_, Message):
        return read(type_, _bytes(value))
    match type_:
        case Scalar.INT | Scalar.BOOL if kind != VARINT or not isinstance(value, int):
            raise WireError("a number is not one")
        case Scalar.INT:
            assert isinstance(value, int)
            return value - (1 << 64) if value >> 63 else value
        case Scalar.BOOL:
            return bool(value)
        case Scalar.TEXT:
            return _text(_bytes(value))
        case Scalar.BYTES:
            return base64.b64encode(_bytes(value)).decode()
        case Scalar.RAW_JSON:
            raw = next((inner for number, _, inner in _tokens(_bytes(value)) if number == 1), b"")
            return _json(_bytes(raw))
        case Scalar.TIME | Scalar.MICRO_TIME:
            return _time(_bytes(value), "microseconds" if type_ is Scalar.MICRO_TIME else "seconds")


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise WireError("a text is not UTF-8") from error


def _json(data: bytes) -> JSON:
    try:
        return msgspec.json.decode(data) if data else {}
    except (msgspec.DecodeError, RecursionError) as error:
        raise WireError("a field of JSON holds none") from error


def _time(data: bytes, precision: str) -> str:
    """RFC 3339; empty for a time that is not set."""
    parts = {number: value for number, _, value in _tokens(data) if isinstance(value, int)}
    if not parts:
        return ""
    seconds = parts.get(1, 0)
    try:
        moment = EPOCH + timedelta(seconds=seconds - (1 << 64) if seconds >> 63 else seconds)
        moment += timedelta(microseconds=parts.get(2, 0) // 1000)
    except OverflowError as error:
        raise WireError("a time is out of range") from error
    return moment.replace(tzinfo=None).isoformat(timespec=precision) + "Z"


def _bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise WireError("a number stands where bytes belong")
    return value


def _tokens(data: bytes) -> Iterator[tuple[int, int, int | bytes]]:
    """(field number, wire type, value) of each field."""
    place = 0
    while place < len(data):
        tag, place = _varint(data, place)
        number, kind = tag >> 3, tag & 7
        if number == 0:
            raise WireError("a field has the number 0")
        if kind == VARINT:
            value, place = _varint(data, place)
            yield number, kind, value
            continue
        if kind == BYTES:
            length, place = _varint(data, place)
        elif kind in (FIXED64, FIXED32):
            length = 8 if kind == FIXED64 else 4
        else:
            raise WireError(f"wire type {kind} is not read")
        if length > len(data) - place:
            raise WireError("the message ends within a field")
        yield number, kind, data[place : place + length]
        place += length


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if place >= len(data):
            raise WireError("the message ends within a number")
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & ((1 << 64) - 1), place
    raise WireError("a number has more than 64 bits")
