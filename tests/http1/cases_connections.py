"""Connections: reuse, pipelining, HTTP/1.0, HEAD, Expect, Upgrade, fields of one hop."""

# ruff: noqa: E501 - a row of the table is a line

from typing import Any

from tests.http1.case import OK, WAIT, Case, headed, passed, sized

_HOP = "RFC 9110, 7.6.1: fields of one hop are not sent on"
_GET = headed(b"X-A: b")
_KEEP = "RFC 9112, 9.3: HTTP/1.1 persists unless told not to"
_OLD = "RFC 9112, 9.3: HTTP/1.0 persists only where it asks"
_ORDER = "RFC 9112, 9.3.2: answers in the order of the requests"
_EXPECT = "RFC 9110, 10.1.1"
_HEAD = "RFC 9110, 9.3.2: no body, whatever the fields say"


def _old(line: bytes = b"", target: bytes = b"/") -> bytes:
    return b"GET " + target + b" HTTP/1.0\r\nHost: x\r\n" + line + b"\r\n"


def _closed(name: str, raw: bytes, seen: str, why: str, **more: Any) -> Case:
    return Case(name, (raw,), "200:ok", "closed", seen, why)._replace(**more)


REUSE = (
    passed("Connection: keep-alive", headed(b"Connection: keep-alive"), "GET /", _KEEP),
    _closed("Connection: close", headed(b"Connection: close"), "GET /", _KEEP, has=(b"connection: close\r\n",)),
    _closed("Connection: CLOSE in odd case", headed(b"Connection: CLOSE"), "GET /", "RFC 9110, 7.6.1: options ignore case"),
    _closed("Connection: close among others", headed(b"Connection: x-a, close"), "GET /", _KEEP),
    _closed("Connection: keep-alive and close", headed(b"Connection: keep-alive, close"), "GET /", "RFC 9112, 9.3: close counts first"),
    _closed("HTTP/1.0", _old(), "GET /", _OLD, lacks=(b"transfer-encoding",)),
    Case("HTTP/1.0 with keep-alive", (_old(b"Connection: keep-alive\r\n"),), "200:ok", "open", "GET /", _OLD, has=(b"connection: keep-alive\r\n",)),
    _closed("HTTP/1.0 with Connection: close", _old(b"Connection: close\r\n"), "GET /", _OLD),
    _closed("HTTP/1.0 without a Host", b"GET / HTTP/1.0\r\n\r\n", "GET /", "RFC 9112, 3.2: Host is asked of HTTP/1.1 only"),
    _closed("HTTP/1.0 with an answer of no known length", _old(), "GET /", "RFC 9112, 7.1: chunks are not sent to HTTP/1.0", script=(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",), lacks=(b"transfer-encoding", b"\r\n2\r\n")),
    _closed("HTTP/1.0 with keep-alive and an answer of no known length", _old(b"Connection: keep-alive\r\n"), "GET /", "RFC 9112, 6.3: its end is the connection's", script=(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",), lacks=(b"transfer-encoding", b"keep-alive")),
    passed("an empty line between requests", _GET + b"\r\n", "GET /", "RFC 9112, 2.2"),
    passed("a CRLF behind a body", sized(b"2", b"hi\r\n"), "POST / hi", "RFC 9112, 2.2: old clients send one"),
)  # fmt: skip

PIPELINES = (
    Case("two requests at once", (headed(b"X: 1") + headed(b"X: 2"),), "200:ok 200:ok", "open", "GET /, GET /", _ORDER),
    Case("ten requests at once", (_GET * 10,), " ".join(["200:ok"] * 10), "open", ", ".join(["GET /"] * 10), _ORDER),
    Case("a POST and a GET at once", (sized(b"2", b"hi") + _GET,), "200:ok 200:ok", "open", "POST / hi, GET /", _ORDER),
    Case("a good request, then a bad one", (_GET + b"GET / HTTP/1.1\r\n\r\n",), "200:ok 400", "closed", "GET /", "what came before a fault is answered first"),
    Case("a good request, then garbage", (_GET + b"\xff\xff\xff\r\n\r\n",), "200:ok 400", "closed", "GET /", "what came before a fault is answered first"),
    Case("a bad request, then a good one", (b"GET / HTTP/1.1\r\n\r\n" + _GET,), "400", "closed", "", "nothing behind a fault is trusted"),
    Case("a request behind Connection: close", (headed(b"Connection: close") + _GET,), "200:ok", "closed", "GET /", "RFC 9112, 9.6: nothing behind it is served"),
    Case("a HEAD and a GET at once", (b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n" + _GET,), "200 200:ok", "open", "HEAD /, GET /", _HEAD, methods=("HEAD",)),
    Case("a request cut at every line", tuple(_GET.splitlines(keepends=True)), "200:ok", "open", "GET /", "RFC 9112, 2: a stream of bytes has no packets"),
    Case("a request byte by byte", tuple(_GET[at : at + 1] for at in range(len(_GET))), "200:ok", "open", "GET /", "RFC 9112, 2: a stream of bytes has no packets"),
)  # fmt: skip

_EXPECTING = sized(b"2", more=b"Expect: 100-continue\r\n")
EXPECTATIONS = (
    Case("Expect: 100-continue", (_EXPECTING, WAIT, b"hi"), "100 200:ok", "open", "POST / hi", _EXPECT),
    Case("Expect: 100-Continue in odd case", (sized(b"2", more=b"Expect: 100-Continue\r\n"), WAIT, b"hi"), "100 200:ok", "open", "POST / hi", _EXPECT),
    Case("Expect with the body already there", (sized(b"2", b"hi", b"Expect: 100-continue\r\n"),), "200:ok", "open", "POST / hi", f"{_EXPECT}: 100 may be left out"),
    Case("Expect without a body", (headed(b"Expect: 100-continue"),), "200:ok", "open", "GET /", f"{_EXPECT}: no 100 where no body is due"),
    Case("Expect in HTTP/1.0", (b"POST / HTTP/1.0\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nhi",), "200:ok", "closed", "POST / hi", f"{_EXPECT}: ignored in HTTP/1.0"),
    Case("another expectation", (sized(b"2", b"hi", b"Expect: rain\r\n"),), "417", "closed", "", "RFC 9110, 15.5.18: 417 to what cannot be met"),
    Case("Expect is not sent on", (_EXPECTING, WAIT, b"hi"), "100 200:ok", "open", "POST / hi", "the gateway has answered it", not_got=(b"expect",)),
)  # fmt: skip

HOPS = (
    *(passed(f"{name} of a request", headed(name.encode() + b": a"), "GET /", _HOP)._replace(not_got=(name.lower().encode() + b":",)) for name in ("Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Proxy-Authorization", "Proxy-Authenticate")),
    passed("fields that Connection names", headed(b"Connection: x-a, X-B\r\nX-A: 1\r\nx-b: 2\r\nX-C: 3"), "GET /", _HOP, b"x-c: 3\r\n")._replace(not_got=(b"x-a", b"x-b", b"connection")),
    passed("a field that a second Connection names", headed(b"Connection: keep-alive\r\nX-A: 1\r\nConnection: x-a"), "GET /", "RFC 9110, 5.3: a list in two fields")._replace(not_got=(b"x-a",)),
    passed("TE: trailers", headed(b"TE: trailers\r\nConnection: TE"), "GET /", _HOP)._replace(not_got=(b"trailers",)),
    passed("Upgrade: h2c", headed(b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk"), "GET /", "RFC 9113, 3.1: obsolete, ignored and not sent on")._replace(not_got=(b"h2c", b"http2-settings")),
    passed("Upgrade without Connection", headed(b"Upgrade: websocket"), "GET /", "RFC 9110, 7.8: Connection must name it")._replace(not_got=(b"upgrade",)),
    passed("the client's x-turnout-pool", headed(b"X-Turnout-Pool: a"), "GET /", "only the gateway says it")._replace(not_got=(b"x-turnout-pool",)),
    Case("HEAD", (b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n",), "200", "open", "HEAD /", _HEAD, script=(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n",), methods=("HEAD",), has=(b"content-length: 500\r\n",)),
    Case("HEAD with a chunked answer", (b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n",), "200", "open", "HEAD /", _HEAD, script=(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",), methods=("HEAD",)),
    Case("HEAD that is refused", (b"HEAD / HTTP/1.1\r\n\r\n",), "400", "closed", "", _HEAD, methods=("HEAD",)),
    Case("HEAD with a body in the answer", (b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n",), "200", "open", "HEAD /", "RFC 9112, 6.3: what follows is no body and is never sent on", script=(OK,), methods=("HEAD",), lacks=(b"\r\nok",)),
)  # fmt: skip

CASES = (*REUSE, *PIPELINES, *EXPECTATIONS, *HOPS)
