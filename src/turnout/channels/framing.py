"""Length-prefixed msgpack: four bytes, big-endian, then the message."""

from collections.abc import Iterator

import msgspec

from turnout.channels.messages import Message

LIMIT = 256 * 1024 * 1024
"""Bytes: a longer frame means that the stream is not ours."""

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(Message)


def encode(message: Message) -> bytes:
    """The message's frame."""
    body = _encoder.encode(message)
    return len(body).to_bytes(4, "big") + body


class Decoder:
    """Bytes in, whole messages out; keeps what is not whole yet."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Message]:
        """Every message that `data` completes. Raises ValueError on a frame that is too long or no message of ours."""
        buffer = self._buffer
        buffer += data
        start = 0
        try:
            while len(buffer) - start >= 4:
                size = int.from_bytes(buffer[start : start + 4], "big")
                if size > LIMIT:
                    raise ValueError(f"a frame of {size} bytes is over the limit of {LIMIT}")
                if len(buffer) - start - 4 < size:
                    break
                body = bytes(buffer[start + 4 : start + 4 + size])
                start += 4 + size
                yield _decode(body)
        finally:
            del buffer[:start]


def _decode(body: bytes) -> Message:
    try:
        return _decoder.decode(body)
    except RecursionError:
        raise ValueError("a message is nested too deeply") from None
