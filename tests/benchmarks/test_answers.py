"""When a load takes an answer for whole."""

import pytest

from benchmarks.load.answers import is_whole

LENGTH = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
CHUNKS = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("got", "whole"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", False),
        (LENGTH + b"hell", False),
        (LENGTH + b"hello", True),
        (CHUNKS + b"5\r\nhello\r\n", False),
        (CHUNKS + b"5\r\nhello\r\n0\r\n\r\n", True),
    ],
)
def test_an_answer_is_whole_at_its_end(got: bytes, *, whole: bool) -> None:
    assert is_whole(got) is whole
