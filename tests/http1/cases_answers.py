"""What servers send, and what the client must see of it."""

# ruff: noqa: E501 - a row of the table is a line

from tests.http1.case import OK, Case, chunked, headed, relayed, sized

_GET = headed(b"X-A: b")
_BAD = "RFC 9112, 6.3 and RFC 9110, 15.6.3: an answer that cannot be understood is 502"
_HOP = "RFC 9110, 7.6.1: fields of one hop are not sent on"
_CUT = "RFC 9112, 8: the client must see that it is not whole"
_INTERIM = "RFC 9110, 15.2: interim answers may be dropped by who did not ask for them"


def _bad(name: str, script: bytes, why: str = _BAD) -> Case:
    return relayed(name, script, "502", why)


def _ok(fields: bytes, body: bytes = b"") -> bytes:
    return b"HTTP/1.1 200 OK\r\n" + fields + b"\r\n" + body


FRAMING = (
    relayed("an answer with a Content-Length", _ok(b"Content-Length: 5\r\n", b"hello"), "200:hello", "RFC 9112, 6.3"),
    relayed("an empty answer", _ok(b"Content-Length: 0\r\n"), "200", "RFC 9112, 6.3"),
    relayed("a chunked answer", _ok(b"Transfer-Encoding: chunked\r\n", b"5\r\nhello\r\n0\r\n\r\n"), "200:hello", "RFC 9112, 7.1"),
    relayed("a chunked answer with an extension", _ok(b"Transfer-Encoding: chunked\r\n", b"5;a=b\r\nhello\r\n0\r\n\r\n"), "200:hello", "RFC 9112, 7.1.1: ignored", lacks=(b"a=b",)),
    relayed("a chunked answer with trailers", _ok(b"Transfer-Encoding: chunked\r\n", b"5\r\nhello\r\n0\r\nX-T: a\r\n\r\n"), "200:hello", "RFC 9110, 6.5.1: may be dropped, and are", lacks=(b"x-t:",)),
    relayed("an answer that ends with the connection", _ok(b"", b"hello"), "200:hello", "RFC 9112, 6.3: sent on as chunks", after="close", has=(b"transfer-encoding: chunked\r\n",)),
    relayed("an answer of HTTP/1.0 that ends with the connection", b"HTTP/1.0 200 OK\r\n\r\nhello", "200:hello", "RFC 9112, 6.3", after="close"),
    relayed("an answer of HTTP/1.0 with a Content-Length", b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", "200:hello", "RFC 9112, 9.3", after="close"),
    relayed("an answer with Connection: close", _ok(b"Content-Length: 2\r\nConnection: close\r\n", b"ok"), "200:ok", "RFC 9112, 9.6: it ends that hop alone", after="close", lacks=(b"connection: close\r\ncontent",)),
    relayed("an empty answer that ends with the connection", _ok(b""), "200", "RFC 9112, 6.3", after="close"),
    Case("an answer byte by byte", (_GET,), "200:ok", "open", "GET /", "a stream of bytes has no packets", script=tuple(OK[at : at + 1] for at in range(len(OK)))),
    Case("chunks byte by byte", (_GET,), "200:hi", "open", "GET /", "RFC 9112, 7.1", script=tuple(bytes((each,)) for each in _ok(b"Transfer-Encoding: chunked\r\n", b"2\r\nhi\r\n0\r\n\r\n"))),
    relayed("204", b"HTTP/1.1 204 No Content\r\n\r\n", "204", "RFC 9110, 15.3.5: no body", lacks=(b"transfer-encoding",)),
    relayed("204 with a Content-Length", b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", "204", "RFC 9110, 8.6: none is sent with 204", lacks=(b"content-length: 0\r\n",)),
    relayed("304", b"HTTP/1.1 304 Not Modified\r\nETag: a\r\n\r\n", "304", "RFC 9110, 15.4.5: no body", has=(b"etag: a\r\n",)),
    relayed("304 with a Content-Length", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n", "304", "RFC 9110, 8.6: of the body that a 200 would have"),
    relayed("a status without a reason", b"HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok", "200:ok", "RFC 9112, 4: the reason may be empty"),
    relayed("a status of no known class", b"HTTP/1.1 599 Odd\r\nContent-Length: 2\r\n\r\nok", "599", "RFC 9110, 15: treated as x00 of its class"),
    relayed("a status of 299", b"HTTP/1.1 299 Odd\r\nContent-Length: 2\r\n\r\nok", "299:ok", "RFC 9110, 15"),
)  # fmt: skip

MALFORMED = (
    _bad("both Content-Length and Transfer-Encoding", _ok(b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"5\r\nhello\r\n0\r\n\r\n")),
    _bad("two different Content-Lengths of a server", _ok(b"Content-Length: 2\r\nContent-Length: 3\r\n", b"okk")),
    _bad("two equal Content-Lengths of a server", _ok(b"Content-Length: 2\r\nContent-Length: 2\r\n", b"ok")),
    _bad("a list of Content-Lengths of a server", _ok(b"Content-Length: 2, 2\r\n", b"ok")),
    _bad("a negative Content-Length of a server", _ok(b"Content-Length: -2\r\n", b"ok")),
    _bad("a Content-Length of a server that is no number", _ok(b"Content-Length: two\r\n", b"ok")),
    _bad("a Content-Length of a server beyond 64 bits", _ok(b"Content-Length: 99999999999999999999\r\n", b"ok")),
    _bad("a coding of a server that is not known", _ok(b"Transfer-Encoding: gzip, chunked\r\n", b"5\r\nhello\r\n0\r\n\r\n")),
    _bad("a server says chunked twice", _ok(b"Transfer-Encoding: chunked, chunked\r\n", b"5\r\nhello\r\n0\r\n\r\n")),
    _bad("a folded field of a server", _ok(b"X-A: b\r\n c\r\nContent-Length: 2\r\n", b"ok"), "RFC 9112, 5.2: a gateway refuses or unfolds it"),
    _bad("a server's bare LF", b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", "RFC 9112, 2.2: strict takes CRLF only"),
    _bad("a server's bare CR in a value", _ok(b"X-A: b\rc\r\nContent-Length: 2\r\n", b"ok")),
    _bad("a server's NUL in a value", _ok(b"X-A: b\x00c\r\nContent-Length: 2\r\n", b"ok")),
    _bad("a server's space before the colon", _ok(b"Content-Length : 2\r\n", b"ok"), "RFC 9112, 5.1: removed or refused"),
    _bad("a server's field without a colon", _ok(b"X-A\r\nContent-Length: 2\r\n", b"ok")),
    relayed("a server speaks HTTP/2.0", b"HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok", "200:ok", "the version in a server's answer is not acted on; the framing is"),
    _bad("a server speaks no HTTP", b"220 smtp.example ESMTP\r\n"),
    _bad("a status of two digits", b"HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\nok"),
    _bad("a status of four digits", b"HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nok"),
    _bad("a status below 100", b"HTTP/1.1 099 OK\r\nContent-Length: 2\r\n\r\nok"),
    _bad("a head of 2 MB", _ok(b"X-A: " + b"b" * 2_000_000 + b"\r\nContent-Length: 2\r\n", b"ok"), "the limit of an answer's head is 1 MiB"),
    _bad("a switch that nobody offered", b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", "RFC 9110, 15.2.2"),
)  # fmt: skip

ENDS = (
    relayed("a server that closes without an answer", b"", "502", "RFC 9110, 15.6.3", after="close"),
    relayed("a server that resets without an answer", b"", "502", "RFC 9110, 15.6.3", after="reset"),
    relayed("a server that closes within the head", b"HTTP/1.1 200 OK\r\nConte", "502", "RFC 9112, 8", after="close"),
    relayed("a server that closes within a Content-Length", _ok(b"Content-Length: 9\r\n", b"hello"), "200:hello!", _CUT, after="close", end="closed"),
    relayed("a server that resets within a Content-Length", _ok(b"Content-Length: 9\r\n", b"hello"), "200:hello!", _CUT, after="reset", end="closed"),
    relayed("a server that closes within chunks", _ok(b"Transfer-Encoding: chunked\r\n", b"5\r\nhello\r\n"), "200:hello!", _CUT, after="close", end="closed"),
    relayed("a server that closes within a chunk", _ok(b"Transfer-Encoding: chunked\r\n", b"9\r\nhello"), "200:hello!", _CUT, after="close", end="closed"),
    relayed("a malformed chunk size of a server", _ok(b"Transfer-Encoding: chunked\r\n", b"5\r\nhello\r\nx\r\n"), "200:hello!", _CUT, end="closed"),
    relayed("no CRLF behind a server's chunk", _ok(b"Transfer-Encoding: chunked\r\n", b"5\r\nhelloX\r\n0\r\n\r\n"), "200:hello!", _CUT, end="closed"),
    relayed("a server that sends more than its Content-Length", _ok(b"Content-Length: 2\r\n", b"okHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"), "200:ok", "RFC 9112, 9.2: what nobody asked for is no answer", lacks=(b"evil",)),
    relayed("a server that sends two answers", OK + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", "200:ok", "RFC 9112, 9.2: the second must not answer the next request", lacks=(b"evil",)),
    relayed("a body behind 204", b"HTTP/1.1 204 No Content\r\n\r\nevil", "204", "RFC 9112, 6.3: 204 has no body", lacks=(b"evil",)),
    relayed("a body behind 304", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\nevil", "304", "RFC 9112, 6.3: 304 has no body", lacks=(b"evil",)),
    Case("an answer before the body is whole", (sized(b"4", b"hi"), b"ho"), "403", "open", "POST / hiho", "RFC 9112, 9.5: the answer goes on at once", script=(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno",), early=True),
    Case("an answer before the chunks are whole", (chunked(b"2\r\nhi\r\n"), b"0\r\n\r\n"), "200:ok", "open", "POST / hi", "RFC 9112, 9.5", early=True),
)  # fmt: skip

INTERIM = (
    relayed("100 unasked", b"HTTP/1.1 100 Continue\r\n\r\n" + OK, "200:ok", _INTERIM),
    relayed("103 Early Hints", b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + OK, "200:ok", "RFC 8297: may be dropped", lacks=(b"link",)),
    relayed("102 twice", b"HTTP/1.1 102 Processing\r\n\r\n" * 2 + OK, "200:ok", _INTERIM),
    relayed("an interim answer, then nothing", b"HTTP/1.1 100 Continue\r\n\r\n", "502", "RFC 9110, 15.2: it is no answer", after="close"),
    relayed("an interim answer with a Content-Length", b"HTTP/1.1 103 Early Hints\r\nContent-Length: 2\r\n\r\n" + OK, "200:ok", "RFC 9112, 6.3: 1xx has no body"),
)  # fmt: skip

FIELDS = (
    *(relayed(f"{name} of a server", _ok(name.encode() + b": a\r\nContent-Length: 2\r\n", b"ok"), "200:ok", _HOP, lacks=(name.lower().encode() + b":",)) for name in ("Keep-Alive", "Proxy-Connection", "Trailer", "Upgrade", "Proxy-Authenticate")),
    relayed("fields that a server's Connection names", _ok(b"Connection: X-A\r\nX-A: 1\r\nX-B: 2\r\nContent-Length: 2\r\n", b"ok"), "200:ok", _HOP, lacks=(b"x-a",), has=(b"x-b: 2\r\n",)),
    relayed("a server's Connection that names Content-Length", _ok(b"Connection: content-length\r\nContent-Length: 2\r\n", b"ok"), "200:ok", "RFC 9110, 7.6.1: framing is this hop's own"),
    relayed("a server's x-turnout-endpoint", _ok(b"X-Turnout-Endpoint: evil\r\nContent-Length: 2\r\n", b"ok"), "200:ok", "only the gateway says it", lacks=(b"evil",)),
    relayed("Set-Cookie twice", _ok(b"Set-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 2\r\n", b"ok"), "200:ok", "RFC 9110, 5.3: never joined", has=(b"set-cookie: a\r\nset-cookie: b\r\n",)),
)  # fmt: skip

CASES = (*FRAMING, *MALFORMED, *ENDS, *INTERIM, *FIELDS)
