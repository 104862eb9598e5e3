"""Request lines, targets, hosts and header fields."""

# ruff: noqa: E501 - a row of the table is a line

from tests.http1.case import Case, headed, passed, refused

_HOST = b"Host: x\r\n\r\n"
_LINE = "RFC 9112, 3: one request line, single spaces, CRLF; a server answers 400 to anything else"
_SPACES = "RFC 9112, 3 lets a server part the line at runs of spaces; it is sent on with one"
_METHOD = "RFC 9110, 9.1: a method is a token; case matters"
_TARGET = "RFC 9112, 3.2: four forms of target, visible ASCII without spaces"
_HOST_RULE = "RFC 9112, 3.2: 400 to a request of HTTP/1.1 with no, more than one, or an invalid Host"
_NAME = "RFC 9112, 5.1: a field name is a token, the colon follows it at once"
_VALUE = "RFC 9110, 5.5: CR, LF and NUL in a value are refused"
_FOLD = "RFC 9112, 5.2: a server refuses obs-fold"


def _line(line: bytes) -> bytes:
    return line + b"\r\n" + _HOST


LINES = (
    passed("a plain GET", b"GET /a HTTP/1.1\r\n" + _HOST, "GET /a", _LINE),
    passed("one empty line before the request line", b"\r\n" + _line(b"GET /a HTTP/1.1"), "GET /a", "RFC 9112, 2.2: at least one is ignored"),
    refused("a bare LF ends the request line", b"GET /a HTTP/1.1\nHost: x\r\n\r\n", "RFC 9112, 2.2 lets a server take LF for a line's end; strict does not"),
    refused("a bare CR ends the request line", b"GET /a HTTP/1.1\rHost: x\r\n\r\n", "RFC 9112, 2.2: a bare CR is invalid"),
    passed("two spaces behind the method", _line(b"GET  /a HTTP/1.1"), "GET /a", _SPACES),
    passed("two spaces before the version", _line(b"GET /a  HTTP/1.1"), "GET /a", _SPACES),
    refused("a tab behind the method", _line(b"GET\t/a HTTP/1.1"), _LINE),
    refused("a space before the method", _line(b" GET /a HTTP/1.1"), _LINE),
    refused("a space behind the version", _line(b"GET /a HTTP/1.1 "), _LINE),
    refused("no version (HTTP/0.9)", b"GET /a\r\n\r\n", "RFC 9112, 2.3: HTTP/0.9 is obsolete", "505"),
    refused("no target", _line(b"GET HTTP/1.1"), _LINE),
    refused("a NUL in the request line", _line(b"GET /a\x00 HTTP/1.1"), _TARGET),
    refused("bytes that are no HTTP", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", "a TLS hello on a plain port"),
    refused("a request line of garbage", b"\xff\xfe\xfd\r\n\r\n", _LINE),
    refused("HTTP/2.0", _line(b"GET /a HTTP/2.0"), "RFC 9110, 15.6.6: 505 for a major version that is not served", "505"),
    refused("an HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "RFC 9113, 3.4: HTTP/2 is not served here: 505", "505"),
    refused("HTTP/1.2", _line(b"GET /a HTTP/1.2"), "RFC 9110, 2.5 would treat it as 1.1; the strict parser knows 1.0 and 1.1"),
    refused("HTTP/3.7", _line(b"GET /a HTTP/3.7"), "RFC 9110, 15.6.6"),
    refused("HTTP/1.10", _line(b"GET /a HTTP/1.10"), "RFC 9112, 2.3: one digit, a dot, one digit"),
    refused("HTTP/01.1", _line(b"GET /a HTTP/01.1"), "RFC 9112, 2.3"),
    refused("http/1.1 in lower case", _line(b"GET /a http/1.1"), "RFC 9112, 2.3: the name is case-sensitive"),
    refused("HTPP/1.1", _line(b"GET /a HTPP/1.1"), "RFC 9112, 2.3"),
    refused("a version without a slash", _line(b"GET /a HTTP1.1"), "RFC 9112, 2.3"),
)  # fmt: skip

METHODS = (
    *(passed(f"method {name}", _line(name.encode() + b" /a HTTP/1.1"), f"{name} /a", _METHOD) for name in ("PUT", "DELETE", "PATCH", "OPTIONS")),
    passed("POST without a body", _line(b"POST /a HTTP/1.1"), "POST /a", "RFC 9112, 6.3: no framing, no body"),
    passed("a GET with a body", b"GET /a HTTP/1.1\r\nContent-Length: 2\r\n" + _HOST + b"hi", "GET /a hi", "RFC 9110, 9.3.1: its framing holds"),
    refused("CONNECT", b"CONNECT a:443 HTTP/1.1\r\n" + _HOST, "RFC 9110, 9.3.6: for proxies that tunnel"),
    refused("TRACE", _line(b"TRACE /a HTTP/1.1"), "RFC 9110, 9.3.8: would echo credentials"),
    refused("an unknown method", _line(b"BREW /a HTTP/1.1"), "RFC 9110, 9.1 would say 501; llhttp knows the registered methods"),
    refused("a method in lower case", _line(b"get /a HTTP/1.1"), _METHOD),
    refused("a method with illegal bytes", _line(b"GE(T /a HTTP/1.1"), _METHOD),
    refused("an empty method", _line(b" /a HTTP/1.1"), _METHOD),
)  # fmt: skip

TARGETS = (
    passed("a query", _line(b"GET /a?b=c&d=/e?f HTTP/1.1"), "GET /a?b=c&d=/e?f", _TARGET),
    passed("dot segments", _line(b"GET /a/../b/./c HTTP/1.1"), "GET /b/c", "RFC 3986, 6.2.2.3: matched and sent on as one path"),
    passed("dot segments beyond the root", _line(b"GET /../../a HTTP/1.1"), "GET /a", "RFC 3986, 5.2.4"),
    passed("encoded dot segments", _line(b"GET /a/%2e%2E/b HTTP/1.1"), "GET /b", "RFC 3986, 6.2.2.2: unreserved characters are decoded first"),
    passed("an encoded slash", _line(b"GET /a%2fb HTTP/1.1"), "GET /a%2Fb", "RFC 3986, 2.2: %2F is no slash"),
    passed("two slashes", _line(b"GET //a HTTP/1.1"), "GET //a", "RFC 3986, 3.3: empty segments are segments"),
    refused("a percent that encodes nothing", _line(b"GET /a%zz HTTP/1.1"), "RFC 3986, 2.1"),
    refused("a fragment", _line(b"GET /a#b HTTP/1.1"), _TARGET),
    refused("a target without a slash", _line(b"GET a HTTP/1.1"), _TARGET),
    refused("a space in the target", _line(b"GET /a b HTTP/1.1"), _TARGET),
    refused("a raw byte above 127 in the target", _line(b"GET /\xc3\xa9 HTTP/1.1"), _TARGET),
    refused("a DEL in the target", _line(b"GET /a\x7f HTTP/1.1"), _TARGET),
    refused("a control character in the target", _line(b"GET /a\x01b HTTP/1.1"), _TARGET),
    passed("absolute form", b"GET http://h:81/p?q HTTP/1.1\r\n" + _HOST, "GET /p?q", "RFC 9112, 3.2.2: the target's authority is the Host", b"host: h:81\r\n"),
    passed("absolute form without a path", b"GET http://h HTTP/1.1\r\n" + _HOST, "GET /", "RFC 9112, 3.2.2", b"host: h\r\n"),
    passed("absolute form with an upper-case scheme", b"GET HTTP://h/p HTTP/1.1\r\n" + _HOST, "GET /p", "RFC 3986, 3.1: schemes ignore case"),
    refused("absolute form with a user", b"GET http://u@h/p HTTP/1.1\r\n" + _HOST, "RFC 9110, 4.2.4: userinfo is refused"),
    refused("absolute form with another scheme", b"GET ftp://h/p HTTP/1.1\r\n" + _HOST, "RFC 9112, 3.2.2: not a URL that is served here"),
    refused("absolute form without a host", b"GET http:///p HTTP/1.1\r\n" + _HOST, "RFC 9110, 4.2.1: an empty host is invalid"),
    refused("authority form with GET", b"GET x:80 HTTP/1.1\r\n" + _HOST, "RFC 9112, 3.2.3: for CONNECT only"),
    Case("OPTIONS *", (b"OPTIONS * HTTP/1.1\r\n" + _HOST,), "200", "closed", "", "RFC 9112, 3.2.4: asks the gateway itself"),
    refused("GET *", b"GET * HTTP/1.1\r\n" + _HOST, "RFC 9112, 3.2.4: for OPTIONS only"),
    passed("a target of 8,000 bytes", _line(b"GET /" + b"a" * 8000 + b" HTTP/1.1"), "GET /" + "a" * 8000, "RFC 9112, 3: at least 8,000 are to be supported"),
    refused("a target of 100,000 bytes", _line(b"GET /" + b"a" * 100_000 + b" HTTP/1.1"), "the head's limit", "431"),
)  # fmt: skip

HOSTS = (
    refused("no Host", b"GET / HTTP/1.1\r\n\r\n", _HOST_RULE),
    refused("two Hosts", b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", _HOST_RULE),
    refused("two equal Hosts", b"GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", _HOST_RULE),
    refused("a Host with a space", b"GET / HTTP/1.1\r\nHost: x y\r\n\r\n", _HOST_RULE),
    refused("a Host with a path", b"GET / HTTP/1.1\r\nHost: x/y\r\n\r\n", _HOST_RULE),
    refused("a Host with a user", b"GET / HTTP/1.1\r\nHost: u@x\r\n\r\n", _HOST_RULE),
    refused("a Host with a port that is no number", b"GET / HTTP/1.1\r\nHost: x:a\r\n\r\n", _HOST_RULE),
    refused("a list of Hosts", b"GET / HTTP/1.1\r\nHost: x@y, z\r\n\r\n", _HOST_RULE),
    passed("an empty Host", b"GET / HTTP/1.1\r\nHost:\r\n\r\n", "GET /", "RFC 9112, 3.2: allowed where the target has no authority"),
    passed("a Host with a port", b"GET / HTTP/1.1\r\nHost: x:8080\r\n\r\n", "GET /", _HOST_RULE, b"host: x:8080\r\n"),
    passed("a Host that is an IPv6 address", b"GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "GET /", _HOST_RULE),
    refused("two Hosts beside an absolute form", b"GET http://h/ HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", _HOST_RULE),
    refused("no Host beside an absolute form", b"GET http://h/ HTTP/1.1\r\n\r\n", _HOST_RULE),
)  # fmt: skip

FIELDS = (
    passed("no space behind the colon", headed(b"X-A:b"), "GET /", "RFC 9112, 5: optional whitespace", b"x-a: b\r\n"),
    passed("spaces and tabs around a value", headed(b"X-A: \t b\t "), "GET /", "RFC 9110, 5.5: they are no part of it", b"x-a: b"),
    passed("an empty value", headed(b"X-A:"), "GET /", "RFC 9110, 5.5", b"x-a: \r\n"),
    passed("a tab within a value", headed(b"X-A: b\tc"), "GET /", "RFC 9110, 5.5", b"x-a: b\tc\r\n"),
    passed("bytes above 127 in a value", headed(b"X-A: \xc3\xa9"), "GET /", "RFC 9110, 5.5: obs-text passes", b"x-a: \xc3\xa9\r\n"),
    passed("every character of a token in a name", headed(b"!#$%&'*+-.^_`|~09azAZ: b"), "GET /", "RFC 9110, 5.6.2"),
    passed("a field twice", headed(b"X-A: b\r\nX-A: c"), "GET /", "RFC 9110, 5.3: in their order", b"x-a: b\r\nx-a: c\r\n"),
    refused("a space before the colon", headed(b"X-A : b"), _NAME),
    refused("a tab before the colon", headed(b"X-A\t: b"), _NAME),
    refused("a space before Content-Length's colon", headed(b"Content-Length : 5"), _NAME),
    refused("a space before the first field", b"GET / HTTP/1.1\r\n X-A: b\r\nHost: x\r\n\r\n", "RFC 9112, 2.2: no whitespace there"),
    refused("an empty name", headed(b": b"), _NAME),
    refused("a line without a colon", headed(b"X-A"), _NAME),
    refused("a NUL in a name", headed(b"X-\x00A: b"), _NAME),
    refused("a parenthesis in a name", headed(b"X(A): b"), _NAME),
    refused("a space in a name", headed(b"X A: b"), _NAME),
    refused("a byte above 127 in a name", headed(b"X-\xe9: b"), _NAME),
    refused("a NUL in a value", headed(b"X-A: b\x00c"), _VALUE),
    refused("a control character in a value", headed(b"X-A: b\x01c"), _VALUE),
    refused("a DEL in a value", headed(b"X-A: b\x7fc"), _VALUE),
    refused("a bare CR in a value", headed(b"X-A: b\rc"), _VALUE),
    refused("a bare LF ends a field", b"GET / HTTP/1.1\r\nHost: x\nX-A: b\r\n\r\n", "RFC 9112, 2.2: strict takes CRLF only"),
    refused("a bare LF ends the head", b"GET / HTTP/1.1\r\nHost: x\r\n\n", "RFC 9112, 2.2: strict takes CRLF only"),
    refused("a CR CR LF", b"GET / HTTP/1.1\r\nHost: x\r\r\n\r\n", _VALUE),
    refused("a folded value", headed(b"X-A: b\r\n c"), _FOLD),
    refused("a folded value (tab)", headed(b"X-A: b\r\n\tc"), _FOLD),
    refused("a folded Transfer-Encoding", headed(b"Transfer-Encoding:\r\n chunked"), _FOLD),
    refused("a folded Content-Length", headed(b"Content-Length: 1\r\n 0"), _FOLD),
    refused("a value of 100,000 bytes", headed(b"X-A: " + b"b" * 100_000), "RFC 6585, 5: 431 over the limit of 64 KiB", "431"),
    refused("fields of 100,000 bytes in sum", headed(b"\r\n".join(b"X-%d: " % n + b"b" * 2000 for n in range(50))), "RFC 6585, 5", "431"),
    refused("201 fields", headed(b"\r\n".join(b"X-%d: b" % n for n in range(200))), "RFC 6585, 5: 431 over the limit of 200", "431"),
    passed("90 fields", headed(b"\r\n".join(b"X-%d: b" % n for n in range(88))), "GET /", "RFC 6585, 5: within the limit"),
    passed("a field of 30,000 bytes", headed(b"X-A: " + b"b" * 30_000), "GET /", "RFC 6585, 5: within the limit"),
)  # fmt: skip

CASES = (*LINES, *METHODS, *TARGETS, *HOSTS, *FIELDS)
