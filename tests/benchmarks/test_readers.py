"""The servers of case j answer when a request is there to its end, and not before."""

import asyncio
from typing import cast

import pytest

from benchmarks.readers import COMPLETION, PAGES, Reader


class Transport:
    def __init__(self) -> None:
        self.written = b""

    def write(self, data: bytes) -> None:
        self.written += data


def answered(*parts: bytes) -> bytes:
    """What is written when these have come, and nothing before the last of them."""
    transport = Transport()
    reader = Reader()
    reader.connection_made(cast("asyncio.Transport", transport))
    for part in parts:
        assert not transport.written
        reader.data_received(part)
    return transport.written


HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n"


@pytest.mark.parametrize(
    "parts",
    [
        (HEAD + b"Content-Length: 5\r\n\r\nhello",),
        (HEAD, b"Content-Length: 5\r\n\r\n", b"he", b"llo"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", b"0\r\n", b"\r\n"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"5\r\nhello\r\n0\r\n\r", b"\n"),
    ],
)
def test_a_request_is_answered_at_its_end(parts: tuple[bytes, ...]) -> None:
    assert answered(*parts) == COMPLETION


def test_the_pages_that_routers_ask_for_are_there() -> None:
    for path, page in PAGES.items():
        assert answered(b"GET %b HTTP/1.1\r\nhost: x\r\n\r\n" % path) == page
