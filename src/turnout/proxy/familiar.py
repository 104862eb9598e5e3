"""A connection's last head, by which a message with the same one is read without parsing it again.

Peers say the same to each other all day: on one connection, heads differ by their Content-Length at most. The parser
has read such a head once, and would find the same in the same bytes. Everything else goes to the parser: a message that
does not come whole in one read, or with more behind it, or whose length is written in another way.
"""

import re
from collections.abc import Callable

from msgspec import Struct

from turnout.proxy.heads import CRLF, STATUS_LINES, is_event_stream, new_request_id
from turnout.proxy.request import Request

LONGEST = 4096
"""Bytes of a head that is remembered."""
PATIENCE = 16
"""Heads in a row that were like none before them, after which a connection's heads are remembered no more."""
_LENGTH = re.compile(rb"\r\n[Cc]ontent-[Ll]ength: (?=[0-9]{1,15}\r\n)")
_BLANK = b"\r\n\r\n"


class _Frame(Struct, frozen=True, gc=False):
    """A head but for the digits of its length: `start` is before them and `end` behind, in `size` bytes.

    The head that was met was of `whole` bytes, with a length from `least` up to `most` as have as many digits.
    """

    start: bytes
    end: bytes
    place: int
    size: int
    whole: int
    least: int
    most: int

    def body(self, data: bytes) -> bytes | None:
        """The body behind such a head; None if `data` is not exactly one and the other."""
        length = len(data) - self.whole
        if self.least <= length <= self.most and data.startswith(b"%b%d%b" % (self.start, length, self.end)):
            return data[self.whole :]
        return self._body(data)

    def _body(self, data: bytes) -> bytes | None:
        """The same where the length has more or fewer digits."""
        if not data.startswith(self.start):
            return None
        place = self.place
        stop = data.find(CRLF, place, place + 16)
        digits = data[place:stop]
        if stop < 0 or not digits.isdigit() or not data.startswith(self.end, stop):
            return None
        body = data[stop + self.size :]
        return body if len(body) == int(digits) else None


def _frame(data: bytes, length: int) -> _Frame | None:
    """The frame of the message that `data` is, whose length the parser has read; None without a plain one."""
    end = data.find(_BLANK, 0, LONGEST) + 4
    found = _LENGTH.search(data, 0, end) if end > 4 else None
    if found is None or _framings(data[:end]) != 1:
        return None
    place = found.end()
    stop = data.index(CRLF, place)
    if int(data[place:stop]) != length or len(data) != end + length:
        return None
    digits = stop - place
    least = 10 ** (digits - 1) if digits > 1 else 0
    return _Frame(data[:place], data[stop:end], place, end - stop, end, least, 10**digits - 1)


def _framings(head: bytes) -> int:
    low = head.lower()
    return low.count(b"content-length") + low.count(b"transfer-encoding")


_another: Callable[[Request], Request] = Request.__copy__  # type: ignore[attr-defined] # the stubs lack it
"""What copy.copy calls, in a third of its time."""


class FamiliarRequest(Struct, frozen=True, gc=False):
    """A request's head, to be met again. `wire` is what the server is sent of it, up to the value of x-request-id."""

    frame: _Frame
    _first: Request
    wire: bytes

    @classmethod
    def of(cls, data: bytes, request: Request) -> "FamiliarRequest | None":
        """The head of the request that `data` is, to its last byte; None for one out of the ordinary."""
        if request.length is None or not request.is_plain():
            return None
        frame = _frame(data, request.length)
        if frame is None:
            return None
        first = _another(request)
        first.lines = request.lines[:-2]
        first.body = []
        first.model = ""
        first.release()
        first.path()  # read once for all
        return cls(frame, first, b"".join((request.method, b" ", request.url, b" HTTP/1.1\r\n", *first.lines)))

    def request(self, data: bytes) -> Request | None:
        """The request, whole, that `data` is; None if that is no such one."""
        body = self.frame.body(data)
        if body is None:
            return None
        first = self._first
        made = _another(first)
        made.id = fresh = new_request_id()
        made.lines = [*first.lines, fresh, CRLF]
        made.wire = self.wire
        made.body = [body]
        made.length = made.size = len(body)
        return made


class FamiliarAnswer(Struct, frozen=True, gc=False):
    """An answer's head, to be met again: what `Upstream` says of it. `wire` is what the client is sent of it."""

    frame: _Frame
    status: int
    head: list[bytes]
    content_type: bytes
    wire: bytes

    @classmethod
    def of(
        cls, data: bytes, status: int, head: list[bytes], content_type: bytes, length: int
    ) -> "FamiliarAnswer | None":
        """The head of the answer that `data` is, to its last byte; None for one out of the ordinary."""
        frame = _frame(data, length)
        if frame is None or is_event_stream(content_type):
            return None
        return cls(frame, status, head, content_type, b"".join((STATUS_LINES[status], *head)))
