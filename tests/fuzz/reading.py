"""How h11, a parser that shares no code with the worker's, reads requests and answers."""

import re
from functools import lru_cache
from typing import NamedTuple

import h11

Headers = tuple[tuple[bytes, bytes], ...]
MOST = 1 << 20
OFFER = [("connection", "upgrade"), ("upgrade", "websocket")]
_SPACES = re.compile(rb"[\r\n]*([!-~]+) +([!-~]+) +(?=HTTP/)")
_TRAILER = ("Transfer-Encoding", "Content-Length")
_LENGTH = re.compile(rb"(\r\nContent-Length:[ \t]*)0+(?=[0-9]{20}[ \t]*\r\n)", re.IGNORECASE)
_STATUS = re.compile(rb"[\r\n]*(HTTP/1\.[01] [0-9]{3})[^\r\n]*")


class Asked(NamedTuple):
    """A request as h11 reads it; `whole` when its body is all there."""

    method: bytes
    target: bytes
    headers: Headers
    body: bytes
    whole: bool
    http10: bool = False


class Answered(NamedTuple):
    """An answer as h11 reads it. `closes`: the server says or shows that it is the connection's last."""

    status: int
    headers: Headers
    body: bytes
    whole: bool
    closes: bool = False


@lru_cache(20_000)
def requests_in(raw: bytes) -> tuple[tuple[Asked, ...], str]:
    """The requests in these bytes, the last one perhaps cut, and why h11 reads no further; "" when it may.

    Empty lines before a request and more than one space in its first line are let pass (RFC 9112, 2.2 and 3), and so
    are the framing that a trailer claims, which says nothing, and zeros before a length of 20 digits.
    """
    found: list[Asked] = []
    while raw:
        parser = h11.Connection(h11.SERVER, max_incomplete_event_size=MOST)
        parser.receive_data(_with_short_length(_SPACES.sub(rb"\1 \2 ", raw, count=1) if _SPACES.match(raw) else raw))
        head, body, whole, why = _read(parser)
        if not isinstance(head, h11.Request):
            return tuple(found), why or "a request begins"
        http10 = head.http_version != b"1.1"
        found.append(Asked(head.method, head.target, tuple(head.headers), body, whole, http10))
        if why or not whole:
            return tuple(found), why
        raw = parser.trailing_data[0]
        if parser.their_state is h11.MUST_CLOSE and not _kept_alive(found[-1]):
            return tuple(found), "closed" if raw else ""
    return tuple(found), ""


@lru_cache(20_000)
def answer_in(raw: bytes, method: bytes, *, ended: bool) -> tuple[Answered | None, bytes, str]:
    """The first final answer to `method` in these bytes, what stands behind it, and what is wrong with it.

    `ended`: the server has closed the connection behind them. Whatever is a reason phrase is let pass, since none
    goes on, and so are empty lines and interim answers before it, and zeros before a length of 20 digits.
    """
    parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=MOST)
    offer = OFFER if b" 101" in raw else []
    parser.send(h11.Request(method=method, target="/", headers=[("host", "x"), *offer]))
    parser.send(h11.EndOfMessage())
    if raw:
        parser.receive_data(_with_short_length(_with_plain_status_lines(raw)))
    if ended:
        parser.receive_data(b"")
    head, body, whole, why = _read(parser)
    if isinstance(head, h11.InformationalResponse):
        return Answered(101, tuple(head.headers), b"", whole=True), b"", ""
    if not isinstance(head, h11.Response):
        return None, b"", why
    closes = parser.their_state is not h11.DONE
    left = parser.trailing_data[0] if whole and not why else b""
    return Answered(head.status_code, tuple(head.headers), body, whole, closes), left, why


def is_of_trailer(why: str) -> bool:
    """Whether behind a head h11 says this of a trailer alone: that its headers claim a framing."""
    return any(each in why for each in _TRAILER)


Head = h11.Request | h11.Response | h11.InformationalResponse | None


def _read(parser: h11.Connection) -> tuple[Head, bytes, bool, str]:
    """One message: its head, its body, whether it is whole, and what is wrong with it."""
    head: Head = None
    body: list[bytes] = []
    try:
        while True:
            event = parser.next_event()
            if isinstance(event, h11.Data):
                body.append(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage):
                return head, b"".join(body), True, ""
            elif isinstance(event, h11.Request | h11.Response):
                head = event
            elif isinstance(event, h11.InformationalResponse):
                if event.status_code == 101:
                    return event, b"", True, ""
            else:
                return head, b"".join(body), False, ""
    except h11.RemoteProtocolError as error:
        why = str(error)
        return head, b"".join(body), head is not None and is_of_trailer(why), why


def _with_short_length(raw: bytes) -> bytes:
    """Without what h11 alone minds: zeros that bring a length in the first head over 20 digits."""
    found = _LENGTH.search(raw, 0, raw.find(b"\r\n\r\n") + 2)
    return raw if found is None else raw[: found.end(1)] + raw[found.end() :]


def _kept_alive(asked: Asked) -> bool:
    """HTTP/1.0 with a wish that h11 does not know."""
    wishes = b",".join(value for name, value in asked.headers if name in {b"connection", b"proxy-connection"}).lower()
    return asked.http10 and b"keep-alive" in wishes and b"close" not in wishes


def _with_plain_status_lines(raw: bytes) -> bytes:
    """Without interim answers, whose headers mean nothing."""
    while found := _STATUS.match(raw):
        raw = found[1] + b" " + raw[found.end() :]
        if found[1][9:10] != b"1" or found[1].endswith(b"101") or b"\r\n\r\n" not in raw:
            break
        raw = raw.partition(b"\r\n\r\n")[2]
    return raw
