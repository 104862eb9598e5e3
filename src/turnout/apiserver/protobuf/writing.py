"""The protobuf wire format, written: fields put one after the other."""

import struct


def text(number: int, value: str) -> bytes:
    """A text field; nothing for an empty one."""
    return message(number, value.encode()) if value else b""


def message(number: int, data: bytes) -> bytes:
    """A field that holds a message, or any bytes."""
    return varint(number << 3 | 2) + varint(len(data)) + data


def integer(number: int, value: int) -> bytes:
    """A field of a whole number that is not negative, or of a truth value."""
    return varint(number << 3) + varint(value)


def double(number: int, value: float) -> bytes:
    """A field of a floating-point number."""
    return varint(number << 3 | 1) + struct.pack("<d", value)


def varint(value: int) -> bytes:
    """Seven bits to a byte, the lowest first."""
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)
