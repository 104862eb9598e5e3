"""Content-Length, Transfer-Encoding and chunks."""

# ruff: noqa: E501 - a row of the table is a line

from tests.http1.case import Case, chunked, headed, passed, refused, sized

_BOTH = "RFC 9112, 6.1: Transfer-Encoding with Content-Length is an attempt at smuggling"
_LENGTH = "RFC 9110, 8.6: digits only"
_LENGTHS = "RFC 9110, 8.6 lets a list of equal lengths be taken as one; strict does not"
_CODING = "RFC 9112, 6.1: chunked once and last, whatever else there is"
_SIZE = "RFC 9112, 7.1: hexadecimal digits, CRLF"
_HELLO = b"5\r\nhello\r\n0\r\n\r\n"


def _coded(line: bytes) -> bytes:
    return b"POST / HTTP/1.1\r\nHost: x\r\n" + line + b"\r\n\r\n" + _HELLO


LENGTHS = (
    passed("a Content-Length", sized(b"2", b"hi"), "POST / hi", "RFC 9112, 6.2"),
    passed("Content-Length: 0", sized(b"0"), "POST /", "RFC 9112, 6.2"),
    passed("a Content-Length with leading zeros", sized(b"0002", b"hi"), "POST / hi", "RFC 9110, 8.6: digits; sent on as a number", b"content-length: 2\r\n"),
    passed("a Content-Length with spaces around", sized(b"  2 \t", b"hi"), "POST / hi", "RFC 9110, 5.5", b"content-length: 2\r\n"),
    Case("a body in pieces", (sized(b"4", b"h"), b"ey", b"o"), "200:ok", "open", "POST / heyo", "RFC 9112, 6.2"),
    refused("two different Content-Lengths", sized(b"2", b"hi", b"Content-Length: 3\r\n"), "RFC 9112, 6.3: an unrecoverable error"),
    refused("two equal Content-Lengths", sized(b"2", b"hi", b"Content-Length: 2\r\n"), _LENGTHS),
    refused("a list of equal Content-Lengths", sized(b"2, 2", b"hi"), _LENGTHS),
    refused("a list of different Content-Lengths", sized(b"2, 3", b"hi"), "RFC 9112, 6.3: an unrecoverable error"),
    refused("a Content-Length with a plus", sized(b"+2", b"hi"), _LENGTH),
    refused("a negative Content-Length", sized(b"-2", b"hi"), _LENGTH),
    refused("a hexadecimal Content-Length", sized(b"0x2", b"hi"), _LENGTH),
    refused("a Content-Length with a fraction", sized(b"2.0", b"hi"), _LENGTH),
    refused("a Content-Length with a space within", sized(b"2 2", b"hi"), _LENGTH),
    refused("a Content-Length with letters", sized(b"2a", b"hi"), _LENGTH),
    refused("an empty Content-Length", sized(b"", b"hi"), _LENGTH),
    refused("a Content-Length with an underscore", sized(b"1_0", b"hi"), _LENGTH),
    refused("a Content-Length beyond 64 bits", sized(b"99999999999999999999", b"hi"), _LENGTH),
    refused("a Content-Length over the limit", sized(b"67108865"), "RFC 9110, 15.5.14: 413 before a byte of it is read", "413"),
    refused("a Content-Length over the limit, with Expect", sized(b"67108865", more=b"Expect: 100-continue\r\n"), "RFC 9110, 10.1.1: the final answer instead of 100", "413"),
)  # fmt: skip

CODINGS = (
    passed("chunked", chunked(_HELLO), "POST / hello", "RFC 9112, 7.1", b"transfer-encoding: chunked\r\n"),
    passed("Chunked in odd case", _coded(b"Transfer-Encoding: cHuNkEd"), "POST / hello", "RFC 9112, 7: codings ignore case"),
    passed("chunked with spaces around", _coded(b"Transfer-Encoding: \t chunked  "), "POST / hello", "RFC 9110, 5.5"),
    passed("a name in odd case", _coded(b"tRANSFER-eNCODING: chunked"), "POST / hello", "RFC 9110, 5.1: names ignore case"),
    refused("Content-Length, then chunked", chunked(_HELLO, b"Content-Length: 5\r\n"), _BOTH),
    refused("chunked, then Content-Length", _coded(b"Content-Length: 5\r\nTransfer-Encoding: chunked"), _BOTH),
    refused("chunked with Content-Length: 0", chunked(_HELLO, b"Content-Length: 0\r\n"), _BOTH),
    refused("chunked twice in one field", _coded(b"Transfer-Encoding: chunked, chunked"), _CODING),
    refused("chunked in two fields", _coded(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"), _CODING),
    refused("chunked, then identity", _coded(b"Transfer-Encoding: chunked, identity"), _CODING),
    refused("chunked, then identity in a second field", _coded(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"), _CODING),
    refused("identity", _coded(b"Transfer-Encoding: identity"), "RFC 9112, 6.3: not chunked last: the length is unknown"),
    refused("gzip, then chunked", _coded(b"Transfer-Encoding: gzip, chunked"), "RFC 9112, 6.1: a coding that is not understood"),
    refused("gzip", _coded(b"Transfer-Encoding: gzip"), "RFC 9112, 6.3: the length is unknown"),
    refused("an unknown coding", _coded(b"Transfer-Encoding: xchunked"), "RFC 9112, 6.1"),
    refused("chunked with a parameter", _coded(b"Transfer-Encoding: chunked;q=1"), "RFC 9112, 7: chunked has none"),
    refused("chunked in quotes", _coded(b'Transfer-Encoding: "chunked"'), "RFC 9112, 7"),
    refused("chunked behind a vertical tab", _coded(b"Transfer-Encoding: \x0bchunked"), "RFC 9110, 5.5: a known trick against parsers that trim too much"),
    refused("an empty Transfer-Encoding", _coded(b"Transfer-Encoding:"), "RFC 9112, 6.1"),
    refused("an empty Transfer-Encoding with a Content-Length", sized(b"2", b"hi", b"Transfer-Encoding:\r\n"), _BOTH),
    refused("a comma before chunked", _coded(b"Transfer-Encoding: ,chunked"), "RFC 9110, 5.6.1 would ignore the empty element; strict does not"),
    refused("chunked in HTTP/1.0", b"POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + _HELLO, "RFC 9112, 6.1: faulty framing"),
    refused("a GET that is said to be gzip", headed(b"Transfer-Encoding: gzip"), "RFC 9112, 6.3"),
)  # fmt: skip

CHUNKS = (
    passed("two chunks", chunked(b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"), "POST / hello", "RFC 9112, 7.1"),
    passed("no chunk but the last", chunked(b"0\r\n\r\n"), "POST /", "RFC 9112, 7.1"),
    passed("a chunk size in upper case", chunked(b"A\r\nhellohello\r\n0\r\n\r\n"), "POST / hellohello", _SIZE),
    passed("a chunk size with leading zeros", chunked(b"0005\r\nhello\r\n0\r\n\r\n"), "POST / hello", _SIZE),
    passed("several zeros for the last chunk", chunked(b"5\r\nhello\r\n000\r\n\r\n"), "POST / hello", _SIZE),
    passed("a chunk extension", chunked(b"5;a=b\r\nhello\r\n0\r\n\r\n"), "POST / hello", "RFC 9112, 7.1.1: ignored and not sent on"),
    passed("a quoted chunk extension", chunked(b'5;a="b;c"\r\nhello\r\n0;d\r\n\r\n'), "POST / hello", "RFC 9112, 7.1.1"),
    refused("a bare LF in a chunk extension", chunked(b"5;a\nb\r\nhello\r\n0\r\n\r\n"), "RFC 9112, 7.1.1: no LF in it"),
    refused("a bare CR in a chunk extension", chunked(b"5;a\rb\r\nhello\r\n0\r\n\r\n"), "RFC 9112, 7.1.1: no CR in it"),
    refused("a chunk extension of 600,000 bytes", chunked(b"5;" + b"a" * 600_000 + b"\r\nhello\r\n0\r\n\r\n"), "RFC 9112, 7.1.1: extensions are to be limited", "431"),
    Case("chunks cut anywhere", (chunked(b"5"), b"\r", b"\nhe", b"llo\r", b"\n0\r\n", b"\r\n"), "200:ok", "open", "POST / hello", "RFC 9112, 7.1"),
    refused("a chunk size beyond 64 bits", chunked(b"fffffffffffffffff\r\nhello\r\n0\r\n\r\n"), "RFC 9112, 7.1: overflow must not wrap"),
    refused("a negative chunk size", chunked(b"-5\r\nhello\r\n0\r\n\r\n"), _SIZE),
    refused("a chunk size with a plus", chunked(b"+5\r\nhello\r\n0\r\n\r\n"), _SIZE),
    refused("a chunk size with 0x", chunked(b"0x5\r\nhello\r\n0\r\n\r\n"), _SIZE),
    refused("a chunk size that is no number", chunked(b"g\r\nhello\r\n0\r\n\r\n"), _SIZE),
    refused("an empty chunk size", chunked(b"\r\nhello\r\n0\r\n\r\n"), _SIZE),
    refused("a space before a chunk size", chunked(b" 5\r\nhello\r\n0\r\n\r\n"), _SIZE),
    refused("a space behind a chunk size", chunked(b"5 \r\nhello\r\n0\r\n\r\n"), "RFC 9112, 7.1: bad whitespace; strict takes none"),
    refused("a bare LF behind a chunk size", chunked(b"5\nhello\r\n0\r\n\r\n"), _SIZE),
    refused("a bare CR behind a chunk size", chunked(b"5\rhello\r\n0\r\n\r\n"), _SIZE),
    refused("no CRLF behind a chunk", chunked(b"5\r\nhello0\r\n\r\n"), "RFC 9112, 7.1: data of that size, then CRLF"),
    refused("a chunk longer than its size", chunked(b"4\r\nhello\r\n0\r\n\r\n"), "RFC 9112, 7.1"),
    refused("a bare LF behind a chunk", chunked(b"5\r\nhello\n0\r\n\r\n"), "RFC 9112, 7.1"),
    passed("a trailer", chunked(b"5\r\nhello\r\n0\r\nX-T: a\r\n\r\n"), "POST / hello", "RFC 9110, 6.5.1: may be dropped, and is")._replace(not_got=(b"x-t",)),
    refused("a trailer that would be framing", chunked(b"5\r\nhello\r\n0\r\nContent-Length: 50\r\nTransfer-Encoding: gzip\r\n\r\n"), "RFC 9110, 6.5.1: not allowed in trailers"),
    refused("a malformed trailer", chunked(b"5\r\nhello\r\n0\r\nX T: a\r\n\r\n"), "RFC 9112, 7.1.2: fields as in a head"),
    refused("a folded trailer", chunked(b"5\r\nhello\r\n0\r\nX-T: a\r\n b\r\n\r\n"), "RFC 9112, 5.2"),
    refused("a trailer of 600,000 bytes", chunked(b"5\r\nhello\r\n0\r\nX-T: " + b"a" * 600_000 + b"\r\n\r\n"), "RFC 9112, 7.1.2: limited like a head", "431"),
)  # fmt: skip

_HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"
SMUGGLING = (
    refused("CL.TE", sized(b"%d" % (5 + len(_HIDDEN)), b"0\r\n\r\n" + _HIDDEN, b"Transfer-Encoding: chunked\r\n"), _BOTH),
    refused("TE.CL", chunked(b"%x\r\n" % len(_HIDDEN) + _HIDDEN + b"\r\n0\r\n\r\n", b"Content-Length: 4\r\n"), _BOTH),
    refused("TE.TE with a space before the colon", _coded(b"Transfer-Encoding : chunked\r\nTransfer-Encoding: chunked"), "RFC 9112, 5.1"),
    refused("TE.TE with an unknown second coding", _coded(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: cow"), _CODING),
    passed("a request within a Content-Length", sized(b"%d" % len(_HIDDEN), _HIDDEN), f"POST / <{len(_HIDDEN)} bytes>", "RFC 9112, 6.3: a body is a body"),
    passed("a request within a chunk", chunked(b"%x\r\n" % len(_HIDDEN) + _HIDDEN + b"\r\n0\r\n\r\n"), f"POST / <{len(_HIDDEN)} bytes>", "RFC 9112, 7.1"),
    passed("Connection that names Content-Length", sized(b"2", b"hi", b"Connection: content-length\r\n"), "POST / hi", "RFC 9110, 7.6.1: framing is this hop's own", b"content-length: 2\r\n"),
    passed("Connection that names Transfer-Encoding", chunked(_HELLO, b"Connection: transfer-encoding\r\n"), "POST / hello", "RFC 9110, 7.6.1"),
    passed("Connection that names Host", headed(b"Connection: host"), "GET /", "RFC 9110, 7.6.1: Host is no hop's option; it stays", b"host: x\r\n"),
    passed("an underscore for a hyphen in Content-Length", sized(b"2", b"hi", b"Content_Length: 9\r\n"), "POST / hi", "RFC 9110, 5.1: another field"),
)  # fmt: skip

CASES = (*LENGTHS, *CODINGS, *CHUNKS, *SMUGGLING)
