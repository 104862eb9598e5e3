r"""Message heads: which headers pass, which end at this hop, and the lines that are written anew.

A header is four items of a flat list, `name, b": ", value, b"\r\n"`: one join writes the head.
Sources: RFC 9110 section 7.6.1 (hop-by-hop headers), RFC 9112 (framing).
"""

import re
from functools import lru_cache
from http import HTTPStatus
from itertools import count
from random import getrandbits

COLON = b": "
CRLF = b"\r\n"
LAST_CHUNK = b"0\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
CHUNKED = b"transfer-encoding: chunked\r\n"
CLOSE = b"connection: close\r\n"
KEEP_ALIVE = b"connection: keep-alive\r\n"

# What is done with a header. Below DROP it passes; but for PASS and DROP its value is also noted under this number.
PASS, HOST, CONTENT_TYPE, SESSION, REQUEST_ID, DROP, LENGTH, CODING, CONNECTION, EXPECT, UPGRADE, OLD_CONNECTION = (
    range(12)
)

_HOP = ("keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization", "te", "trailer")
_REQUEST = {
    **dict.fromkeys(_HOP, DROP),
    "host": HOST,
    "content-type": CONTENT_TYPE,
    "x-session-id": SESSION,
    "x-request-id": REQUEST_ID,
    "content-length": LENGTH,
    "transfer-encoding": CODING,
    "connection": CONNECTION,
    "expect": EXPECT,
    "upgrade": UPGRADE,
    "proxy-connection": OLD_CONNECTION,  # ends here as those of _HOP, but llhttp takes it for a Connection
    **dict.fromkeys(("accept", "accept-encoding", "accept-language", "authorization", "cookie", "user-agent"), PASS),
    **dict.fromkeys(("traceparent", "x-forwarded-for", "openai-organization", "openai-project"), PASS),
}
_RESPONSE = {
    **dict.fromkeys(_HOP, DROP),
    "upgrade": UPGRADE,
    "x-request-id": DROP,
    "content-type": CONTENT_TYPE,
    "content-length": LENGTH,
    "transfer-encoding": CODING,
    "connection": CONNECTION,
    **dict.fromkeys(("date", "server", "content-encoding", "vary", "cache-control", "set-cookie"), PASS),
}


def _spelled(kinds: dict[str, int]) -> dict[bytes, int]:
    """Each name in lower case and in title case, which is how nearly every peer writes it."""
    return {name.encode(): kind for low, kind in kinds.items() for name in (low, low.title())}


REQUEST_KINDS = _spelled(_REQUEST)
RESPONSE_KINDS = _spelled(_RESPONSE)
_PRIVATE_REQUEST = (b"x-turnout-", b"x-gateway-destination-endpoint")
_PRIVATE_RESPONSE = b"x-turnout-"


def request_kind(name: bytes) -> int:
    """What is done with a request header whose spelling `REQUEST_KINDS` lacks."""
    low = name.lower()
    return REQUEST_KINDS.get(low, DROP if low.startswith(_PRIVATE_REQUEST) else PASS)


def response_kind(name: bytes) -> int:
    """What is done with a response header whose spelling `RESPONSE_KINDS` lacks."""
    low = name.lower()
    return RESPONSE_KINDS.get(low, DROP if low.startswith(_PRIVATE_RESPONSE) else PASS)


_STAYING = frozenset({b"", b"close", b"keep-alive", b"upgrade", b"host"})


@lru_cache(256)
def named_hops(connection: bytes) -> frozenset[bytes]:
    """The headers that a Connection header keeps to this hop, in lower case."""
    tokens = (token.strip().lower() for token in connection.split(b","))
    return frozenset(token for token in tokens if token not in _STAYING)


@lru_cache(256)
def offered(connection: bytes, upgrade: bytes) -> tuple[bytes, ...]:
    """The protocols that a message's Upgrade names, where its Connection does name Upgrade; none that we would speak.

    Another HTTP and TLS are between us and our neighbour (RFC 9113, 9110, 2817): they never pass on.
    """
    if b"upgrade" not in {token.strip().lower() for token in connection.split(b",")}:
        return ()
    tokens = [token.strip() for token in upgrade.split(b",")]
    return tuple(token for token in tokens if token and not token.lower().startswith(_OURS))


_OURS = (b"h2c", b"http/", b"tls/")


def switching(protocols: tuple[bytes, ...]) -> list[bytes]:
    """The header lines that offer these protocols, or accept them."""
    return [b"connection", COLON, b"upgrade", CRLF, b"upgrade", COLON, b", ".join(protocols), CRLF]


def without(lines: list[bytes], names: frozenset[bytes]) -> list[bytes]:
    """The header lines whose names are not in `names`."""
    kept: list[bytes] = []
    for place in range(0, len(lines), 4):
        if lines[place].lower() not in names:
            kept += lines[place : place + 4]
    return kept


_AUTHORITY = re.compile(r"(\[[0-9a-f:.]+\]|[0-9a-z._~!$&'()*+,;=%-]*)(:[0-9]*)?")


@lru_cache(1024)
def host_name(authority: bytes) -> str | None:
    """A Host header's host in lower case, without its port; an IPv6 address keeps its brackets. None if it is no host.

    Source: RFC 9110 section 7.2 (`uri-host [":" port]`).
    """
    found = _AUTHORITY.fullmatch(authority.decode("latin-1").strip().lower())
    return found[1] if found is not None else None


@lru_cache(256)
def is_json(content_type: bytes) -> bool:
    """Whether a Content-Type is `application/json` or ends in `+json`, whatever its parameters."""
    media = content_type.partition(b";")[0].strip().lower()
    return media == b"application/json" or media.endswith(b"+json")


_REQUEST_ID = re.compile(rb"[0-9A-Za-z._~:/+=@-]{1,128}")


def is_request_id(value: bytes) -> bool:
    """Whether a client's x-request-id is one to keep: up to 128 characters that no log or shell reads more into."""
    return _REQUEST_ID.fullmatch(value) is not None


@lru_cache(256)
def is_event_stream(content_type: bytes) -> bool:
    """Whether a Content-Type is `text/event-stream`, whatever its parameters."""
    return content_type.partition(b";")[0].strip().lower() == b"text/event-stream"


_started = b"%016x" % getrandbits(64)
_numbers = count(getrandbits(32))


def new_request_id() -> bytes:
    """32 hexadecimal digits that no other request has: half of them this process's, half the request's."""
    return b"%b%016x" % (_started, next(_numbers))


def _phrase(code: int) -> str:
    return HTTPStatus(code).phrase if code in HTTPStatus._value2member_map_ else ""


STATUS_LINES = tuple(f"HTTP/1.1 {code} {_phrase(code)}\r\n".encode() for code in range(1000))
