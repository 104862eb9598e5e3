"""Well-formed requests and answers, and the ways in which they are spoilt. All chance is the given Random's."""

from collections.abc import Callable
from random import Random

from tests.fuzz.scenario import Meant, Reply, Scenario

METHODS = (b"POST",) * 5 + (b"GET", b"GET", b"HEAD", b"PUT", b"DELETE", b"OPTIONS", b"PATCH")
TARGETS = (
    b"/v1/chat/completions",
    b"/v1/completions",
    b"/v1/models",
    b"/",
    b"/a/b?x=1&y=%20",
    b"/a//b",
    b"/v1/x?a=b?c",
)
FIELDS = (
    (b"Accept", b"*/*"),
    (b"User-Agent", b"OpenAI/Python 1.70"),
    (b"Authorization", b"Bearer sk-1"),
    (b"X-Session-Id", b"s-42"),
    (b"traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    (b"Cookie", b"a=b; c=d"),
    (b"X-Empty", b""),
    (b"x-latin", b"caf\xe9"),
    (b"X-Quoted", b'"a, b" ; c'),
)
HOPS = (
    (b"TE", b"trailers"),
    (b"Keep-Alive", b"timeout=5"),
    (b"Proxy-Connection", b"keep-alive"),
    (b"X-Turnout-Reason", b"none"),
    (b"Trailer", b"X-T"),
)
CHATS = tuple(
    b'{"model":"m%d","messages":[{"role":"user","content":"%b"}],"stream":%b}'
    % (n, b"word " * n, (b"false", b"true")[n % 2])
    for n in (0, 1, 2, 7, 40, 300)
)
OTHERS = (b"", b"x", b"plain text\r\n\r\nGET /x HTTP/1.1\r\n\r\n", b"\x00\xff" * 40, b"y" * 1500, b"z" * 9000)
PART = b'--b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
FORM = PART % (b"model", b"m1") + PART.replace(b"%b", b"f", 1) + b"--b--\r\n"
ODD = (
    b"\r\n",
    b"\n",
    b"\r",
    b"\r\n\r\n",
    b"\x00",
    b" ",
    b"\t",
    b":",
    b",",
    b"0",
    b"-1",
    b"+1",
    b"0x10",
    b"1e3",
    b"%",
    b"%2e%2e/",
    b"../",
    b"Content-Length: 5\r\n",
    b"Content-Length: 0\r\n",
    b"Content-Length: 99999999999999999999\r\n",
    b"content-length:\t7\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: gzip, chunked\r\n",
    b"Transfer-Encoding:\x0bchunked\r\n",
    b"Transfer-Encoding: identity\r\n",
    b"Host: evil\r\n",
    b" folded: x\r\n",
    b"Connection: close\r\n",
    b"Connection: host, x-session-id\r\n",
    b"Connection: content-length\r\n",
    b"Connection: upgrade\r\nUpgrade: websocket\r\n",
    b"Expect: 100-continue\r\n",
    b"Expect: x\r\n",
    b"HTTP/1.0",
    b"HTTP/1.1",
    b"HTTP/2.0",
    b"HTTP/1.1 200 OK\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"HTTP/1.1 204 \r\n",
    b"0\r\n\r\n",
    b"5;a=b\r\nhello\r\n",
    b"ffffffffffffffff1\r\n",
    b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"A" * 5000,
    b"X: y\r\n" * 60,
    b"\xff",
    b"x-request-id: a b\r\n",
    b"http://h:1/p",
    b"CONNECT a:1 ",
    b"data: [DONE]\n\n",
)


def chunked(dice: Random, body: bytes) -> bytes:
    """`body` in chunks, some with extensions, some with a trailer behind."""
    out = []
    at = 0
    while at < len(body):
        size = dice.randrange(1, 1 + max(1, len(body) // dice.randrange(1, 4)))
        part = body[at : at + size]
        out.append(b"%x%b\r\n%b\r\n" % (len(part), dice.choice((b"", b"", b"", b";x=1")), part))
        at += size
    out.append(dice.choice((b"0\r\n\r\n", b"0\r\n\r\n", b"0\r\nX-T: 1\r\n\r\n")))
    return b"".join(out)


def request(dice: Random, number: int) -> tuple[bytes, Meant]:
    """One well-formed request, as bytes and as what it says."""
    method = dice.choice(METHODS)
    target = dice.choice(TARGETS)
    headers = [(b"Host", b"x"), *(dice.choice(FIELDS) for _ in range(dice.randrange(4)))]
    if dice.random() < 0.1:
        headers.append((b"X-Request-Id", b"own-%d" % number))
    kept = list(headers)
    if dice.random() < 0.2:
        headers.insert(dice.randrange(len(headers) + 1), dice.choice(HOPS))
    body = b""
    framing: tuple[tuple[bytes, bytes], ...] = ()
    if method in {b"POST", b"PUT", b"PATCH"}:
        body, media = _body(dice)
        kept.append((b"Content-Type", media))
        headers.append((b"Content-Type", media))
        if dice.random() < 0.3:
            framing = ((b"Transfer-Encoding", b"chunked"),)
        else:
            framing = ((dice.choice((b"Content-Length", b"content-length")), b"%d" % len(body)),)
        if dice.random() < 0.05:
            framing += ((b"Expect", b"100-continue"),)
    lines = [b"%b: %b\r\n" % each for each in (*headers, *framing)]
    if dice.random() < 0.03:
        lines.append(b"Connection: upgrade\r\nUpgrade: websocket\r\n")
    head = b"%b %b HTTP/1.1\r\n%b\r\n" % (method, target, b"".join(lines))
    wire = chunked(dice, body) if framing and framing[0][0] == b"Transfer-Encoding" else body
    return head + wire, Meant(method, target, tuple((name.lower(), value) for name, value in kept), body)


def _body(dice: Random) -> tuple[bytes, bytes]:
    choice = dice.random()
    if choice < 0.6:
        return dice.choice(CHATS), b"application/json"
    if choice < 0.7:
        return FORM % dice.choice(OTHERS), b"multipart/form-data; boundary=b"
    return dice.choice(OTHERS), b"application/octet-stream"


def reply(dice: Random) -> Reply:
    """One well-formed answer, which may end too soon."""
    status = dice.choice(
        (b"200 OK",) * 8
        + (b"404 Not Found", b"500 ", b"503 Service Unavailable", b"204 No Content", b"304 ", b"429 Slow")
    )
    lines = [b"Server: s\r\n", b"Date: Mon, 23 Nov 2026 00:00:00 GMT\r\n"][: dice.randrange(3)]
    interim = dice.choice(
        (b"",) * 12 + (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
    )
    end = "stay"
    body = b""
    if dice.random() < 0.01:
        head = b"HTTP/1.1 101 \r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
        return Reply(head, b"\x81\x02hi" * 3, (len(head),), dice.choice(("stay", "eof", "reset")))
    if status[:3] not in {b"204", b"304"}:
        body = dice.choice((b'{"id":"x","usage":{"prompt_tokens":3,"completion_tokens":4}}', *OTHERS))
        form = dice.random()
        if form < 0.3:
            body = b"".join(
                b'data: {"choices":[{"delta":{"content":"t%d"}}]}\n\n' % n for n in range(dice.randrange(5))
            )
            lines.append(b"Content-Type: text/event-stream\r\n")
        if form < 0.5:
            lines.append(b"Transfer-Encoding: chunked\r\n")
            body = chunked(dice, body)
        elif form < 0.9:
            lines.append(b"Content-Length: %d\r\n" % len(body))
        else:
            end = "eof"
    if dice.random() < 0.1:
        lines.append(b"Connection: close\r\n")
        end = "eof"
    head = b"%bHTTP/1.1 %b\r\n%b\r\n" % (interim, status, b"".join(lines))
    return Reply(head, body, cuts(dice, len(head) + len(body)), end)


def cuts(dice: Random, size: int) -> tuple[int, ...]:
    """Where reads end: mostly nowhere, sometimes behind every byte."""
    choice = dice.random()
    if choice < 0.5 or size < 2:
        return ()
    if choice < 0.53 and size < 300:
        return tuple(range(1, size))
    return tuple(dice.randrange(1, size) for _ in range(dice.randrange(1, 6)))


def _flip(dice: Random, data: bytes, at: int) -> bytes:
    return data[:at] + bytes((dice.randrange(256),)) + data[at + 1 :]


def _splice(dice: Random, data: bytes, at: int) -> bytes:
    return data[:at] + dice.choice(ODD) + data[at:]


def _field(dice: Random, data: bytes, at: int) -> bytes:
    """Something odd where a line begins."""
    at = data.find(b"\r\n", at) + 2
    return data[:at] + dice.choice(ODD) + data[at:] if at > 1 else data


def _drop(dice: Random, data: bytes, at: int) -> bytes:
    return data[:at] + data[at + dice.choice((1, 1, 1, 2, 7)) :]


def _twice(dice: Random, data: bytes, at: int) -> bytes:
    """A line stands twice."""
    end = data.find(b"\r\n", at) + 2
    return data[:end] + data[at:end] + data[end:]


def _bare(dice: Random, data: bytes, at: int) -> bytes:
    """A line ends otherwise."""
    end = data.find(b"\r\n", at)
    return (
        data
        if end < 0
        else data[:end] + dice.choice((b"\n", b"\r", b"\r\r\n", b" \r\n", b"\r\n ", b"\x00\r\n")) + data[end + 2 :]
    )


def _number(dice: Random, data: bytes, at: int) -> bytes:
    """A digit is another number."""
    while at < len(data) and not 48 <= data[at] <= 57:
        at += 1
    return data[:at] + dice.choice((b"0", b"9", b"-", b"00", b"99999", b"1 2", b"a", b"5,5", b"+")) + data[at + 1 :]


def _short(dice: Random, data: bytes, at: int) -> bytes:
    return data[:at]


WAYS: tuple[Callable[[Random, bytes, int], bytes], ...] = (
    _flip,
    _splice,
    _field,
    _field,
    _drop,
    _twice,
    _bare,
    _number,
    _short,
)


def spoilt(dice: Random, data: bytes, head: int) -> bytes:
    """`data` with one to three things wrong, mostly in its first `head` bytes."""
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        if data:
            reach = min(len(data), head) if dice.random() < 0.8 else len(data)
            data = dice.choice(WAYS)(dice, data, dice.randrange(max(reach, 1)))
    return data


def scenario(dice: Random) -> Scenario:
    """One input: requests, answers and the way in which they come; a third is well-formed."""
    made = [request(dice, number) for number in range(dice.choice((1, 1, 1, 2, 2, 3, 5)))]
    if dice.random() < 0.2:
        made = [made[0], made[0]] if b"own-" not in made[0][0] else made  # a head that is met again
    raw = b"".join(each for each, _ in made)
    edges = [len(b"".join(each for each, _ in made[:n])) for n in range(1, len(made))] if dice.random() < 0.5 else []
    replies = [reply(dice) for _ in range(dice.choice((1, 1, 2)))]
    meant: tuple[Meant, ...] | None = tuple(each for _, each in made)
    what = dice.random()
    if what < 0.36:
        raw = spoilt(dice, raw, 300)
        meant = None
    elif what < 0.4:
        raw = raw.replace(b" HTTP/1.1\r\n", dice.choice((b" HTTP/1.0\r\n", b" HTTP/1.0\r\nConnection: keep-alive\r\n")))
        meant = None
    elif what < 0.7:
        old = replies[0]
        body = spoilt(dice, old.head + old.body, len(old.head) + 20)
        end = dice.choice(("stay", "eof", "eof", "reset"))
        replies[0] = Reply(b"", body, cuts(dice, len(body)), end, natural=False)
    return Scenario(
        raw,
        tuple(edges) + cuts(dice, len(raw)),
        tuple(replies),
        frozenset({1}) if dice.random() < 0.03 else frozenset(),
        dice.random() < 0.1,
        dice.random() < 0.1,
        dice.choice(("after",) * 12 + ("never", "never", "at once", "reset")),
        meant,
    )
