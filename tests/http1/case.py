"""One case of the HTTP/1.1 conformance table."""

from typing import Any, NamedTuple

WAIT = b""
"""A piece that stands for: wait until something of an answer is there."""
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
SENTINEL = b"GET /sentinel HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
"""What every case ends with: a request that is answered only if both sides agree where the case's bytes ended."""
SENTINEL_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsentinel"


class Case(NamedTuple):
    """What goes over the wire and what must come of it.

    `send`: the client's bytes, piece by piece. `answers`: status and body of each answer (`200:ok`, errors by their
    status alone, `!` for one that breaks off). `end`: the connection is `open` (the sentinel is answered), `closed`,
    or silent (`hang`). `seen`: the requests that the server got, as h11 reads them. `why`: the rule, with its source.
    `script`: the server's answer in pieces; `after`: what it does then (`keep`, `close`, `reset`); `early`: it answers
    before it has read the body. `methods`: of the answers in turn, where one is HEAD. `has` and `lacks`: what must
    and must not be in the client's transcript, in lower case; `got` and `not_got`: the same of what the server read.
    """

    name: str
    send: tuple[bytes, ...]
    answers: str
    end: str
    seen: str
    why: str
    script: tuple[bytes, ...] = (OK,)
    after: str = "keep"
    early: bool = False
    methods: tuple[str, ...] = ()
    has: tuple[bytes, ...] = ()
    lacks: tuple[bytes, ...] = ()
    got: tuple[bytes, ...] = ()
    not_got: tuple[bytes, ...] = ()


class Outcome(NamedTuple):
    """What came of a case. `transcript` is what the client read, `raw` what the server read."""

    answers: str
    end: str
    seen: str
    transcript: bytes = b""
    raw: bytes = b""

    def text(self) -> str:
        """The outcome in a cell of a table."""
        seen = f"; server got {self.seen}" if self.seen else ""
        return f"{self.answers or 'nothing'}, {self.end}{seen}"


def refused(name: str, raw: bytes, why: str, answers: str = "400") -> Case:
    """A request that ends the connection and never reaches a server."""
    return Case(name, (raw,), answers, "closed", "", why)


def passed(name: str, raw: bytes, seen: str, why: str, *got: bytes) -> Case:
    """A request that is relayed, and the connection goes on."""
    return Case(name, (raw,), "200:ok", "open", seen, why, got=got)


def headed(line: bytes) -> bytes:
    """A GET with one more header line."""
    return b"GET / HTTP/1.1\r\nHost: x\r\n" + line + b"\r\n\r\n"


def chunked(body: bytes, more: bytes = b"") -> bytes:
    """A POST whose body is these bytes, said to be chunked."""
    return b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n" + more + b"\r\n" + body


def sized(length: bytes, body: bytes = b"", more: bytes = b"") -> bytes:
    """A POST with this Content-Length."""
    return b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + length + b"\r\n" + more + b"\r\n" + body


def relayed(name: str, script: bytes, answers: str, why: str, **more: Any) -> Case:
    """A GET whose answer is `script`; the connection goes on."""
    made = Case(name, (headed(b"X-A: b"),), answers, "open", "GET /", why, script=(script,))
    return made._replace(**more)
