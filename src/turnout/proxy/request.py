"""A request as it arrives: its head, checked, and what has come of its body."""

from urllib.parse import urlsplit

from msgspec import Struct

from turnout.inference import ModelPart, RequestFields, boundary_of, read_request
from turnout.inference.skeleton import Skeleton
from turnout.proxy.answers import Fault, Notice, bad_request, expectation_failed
from turnout.proxy.heads import (
    CHUNKED,
    CODING,
    COLON,
    CONNECTION,
    CONTENT_TYPE,
    CRLF,
    EXPECT,
    HOST,
    LENGTH,
    REQUEST_ID,
    SESSION,
    UPGRADE,
    host_name,
    is_json,
    is_request_id,
    named_hops,
    new_request_id,
    offered,
    switching,
    without,
)
from turnout.proxy.paths import normal_path

LONG = 256 * 1024
"""Bytes of a body that are read whole: more than a prompt is hashed for. Of what follows only the fields count."""
_UNSAID = RequestFields()
_REQUEST_ID = b"x-request-id"
_PERCENT, _HASH, _DOT = b"%#."  # looking for a byte by its number takes a tenth of the time


class Request(Struct, eq=False, gc=False):
    """One request of a client.

    `lines` are the header lines that pass on. `body` holds the parts that came and were not passed on yet, `size`
    counts all bytes that came, `complete` says that all came. `buffered`: it is passed on whole, since it is JSON.
    `length` is the Content-Length, None without one; `chunked` says that the client sends chunks. `closes`: the client
    wants no further answer on this connection. `hostless`: it came without a Host, as HTTP/1.0 may. `client` is the
    client's address. `fault` is why it is not relayed. `offers` are the protocols that the server may switch to.
    `held` is what of its body counts as held in the worker's sum, see `State.held`.
    `model` is what the body names, once `fields` were read. `wire` is the request line and `lines` as they are written,
    up to the value of x-request-id, which is last; empty where that is to be put together.

    `url` is the target in origin form, its path normal; but for `OPTIONS *`, which is not relayed.
    """

    # A Struct, not for its values' sake but because C makes one in a fifth of the time of an __init__.
    method: bytes
    url: bytes
    lines: list[bytes]
    closes: bool
    http10: bool
    host: str = ""
    client: str = ""
    hostless: bool = False
    id: bytes = b""
    session: bytes = b""
    body: list[bytes] = []
    size: int = 0
    length: int | None = None
    chunked: bool = False
    buffered: bool = False
    complete: bool = False
    expects: bool = False
    fault: Fault | Notice | None = None
    offers: tuple[bytes, ...] = ()
    held: int = 0
    model: str = ""
    wire: bytes = b""
    _path: str = ""
    _fields: RequestFields | None = None
    _form: ModelPart | None = None
    _skeleton: Skeleton | None = None
    _scanned: int = 0

    def read_head(self, noted: dict[int, bytes]) -> None:
        """Takes in the headers that mean something here, and sets `fault` if the request is not one to relay."""
        get = noted.get
        connection = get(CONNECTION)
        if connection is not None:
            hops = named_hops(connection)
            if hops:
                self.lines = without(self.lines, hops)
            if UPGRADE in noted:
                self._offer(connection, noted)
        if CODING in noted or LENGTH in noted:
            self._read_framing(noted)
        self.session = get(SESSION, b"")
        if REQUEST_ID not in noted or not self._keep_id(noted[REQUEST_ID]):
            self.id = new_request_id()
            self.lines += (_REQUEST_ID, COLON, self.id, CRLF)
        host = get(HOST)
        url = self.url
        if url[:1] != b"/":
            host = self._read_target(host)
            self._normalise()
        elif _PERCENT in url or _HASH in url or (_DOT in url and b"/." in url):
            self._normalise()
        if host is None:
            self._lack_host()
            return
        name = host_name(host)
        if name is None:
            self.fault = self.fault or bad_request("the request's Host header is no host")
        else:
            self.host = name

    def reread(self, names: frozenset[bytes]) -> None:
        """The headers `names` (lower case) among `lines` were changed: takes in what they say now.

        How the body is read stays as the client declared it.
        """
        if b"x-session-id" in names:
            self.session = self.header(b"x-session-id")
        if _REQUEST_ID in names:
            self.id = self.header(_REQUEST_ID) or self.id

    def is_plain(self) -> bool:
        """Whether nothing but its target, its header lines and the length of its body tells it from others."""
        if self.fault is not None or self.closes or self.http10 or self.expects or self.chunked:
            return False
        if self.offers or self._form is not None:
            return False
        return self.lines[-4] is _REQUEST_ID  # ours, and not the client's own

    def path(self) -> str:
        """The target without its query."""
        if not self._path:
            self._path = self.url.partition(b"?")[0].decode("latin-1")
        return self._path

    def redirect(self, url: bytes) -> None:
        """The target is another one."""
        self.url = url
        self._path = ""

    def ready(self) -> bool:
        """Whether enough of the body came to say where the request goes. It is asked until it says so.

        That is all of a JSON body, a form as far as the part `model` or the limit up to which that is looked for, and
        nothing of any other.
        """
        form = self._form
        if form is None:
            if self.buffered and self.size > LONG:
                self._skim()
            return self.complete or not self.buffered
        for part in self.body[self._scanned :]:
            form.feed(part)
        self._scanned = len(self.body)
        if not form.settled and not self.complete:
            return False
        self._fields = RequestFields(form.model)
        self.model = form.model
        return True

    def fields(self) -> RequestFields:
        """What a JSON body says, or the `model` of a form; all at their defaults for any other.

        It must be `ready`, and not released.
        """
        fields = self._fields
        if fields is None:
            body = self.text()
            if not body:
                return _UNSAID
            fields = self._fields = read_request(body)
            self.model = fields.model
        return fields

    def text(self) -> bytes:
        """A JSON body in one piece; empty for any other. Behind the first LONG bytes, insides of strings may lack."""
        if self.buffered and self.size > LONG:
            return self._skim().text()
        return self.whole_body()

    def whole_body(self) -> bytes:
        """A JSON body in one piece, however long; empty for any other."""
        body = self.body
        if not self.buffered or not body:
            return b""
        if len(body) > 1:
            body[:] = [b"".join(body)]
        return body[0]

    def release(self) -> None:
        """The body is needed no more: lets go of what came of it, and of what was read in it."""
        self.body.clear()
        self._fields = self._skeleton = None

    def header(self, name: bytes) -> bytes:
        """The first value of the header `name` (lower case) among those that pass on; empty if there is none."""
        lines = self.lines
        return next((lines[at + 2] for at in range(0, len(lines), 4) if lines[at].lower() == name), b"")

    def framing(self) -> bytes:
        """The header line that says how the body is passed on; none when there is no body to speak of."""
        if self.chunked and not self.buffered:
            return CHUNKED
        if self.length is None and not self.chunked:
            return b""
        return b"content-length: %d\r\n" % (self.size if self.buffered else self.length or 0)

    def _skim(self) -> Skeleton:
        """Looks at what came of a long JSON body since the last time: a little with every part, not all at the end."""
        skeleton = self._skeleton
        if skeleton is None:
            skeleton = self._skeleton = Skeleton(LONG)
            self._scanned = 0
        for part in self.body[self._scanned :]:
            skeleton.feed(part)
        self._scanned = len(self.body)
        return skeleton

    def _offer(self, connection: bytes, noted: dict[int, bytes]) -> None:
        """Nothing is offered behind a body, nor on a connection that is to end: then Upgrade may be ignored."""
        if self.http10 or self.closes or CODING in noted or int(noted.get(LENGTH, b"0")):
            return
        self.offers = offered(connection, noted[UPGRADE])
        if self.offers:
            self.lines += switching(self.offers)

    def _lack_host(self) -> None:
        if self.http10:
            self.hostless = True
        else:
            self.fault = self.fault or bad_request("the request has no Host header")

    def _keep_id(self, given: bytes) -> bool:
        if is_request_id(given):
            self.id = given
            return True
        self.lines = without(self.lines, frozenset({_REQUEST_ID}))
        return False

    def stand_in(self) -> bytes:
        """A head that brings a new parser to where this request's body begins."""
        framing = CHUNKED if self.chunked else b"content-length: %d\r\n" % (self.length or 0)
        return b"POST / HTTP/1.1\r\n%b\r\n" % framing

    def _read_framing(self, noted: dict[int, bytes]) -> None:
        length, coding = noted.get(LENGTH), noted.get(CODING)
        if coding is not None:
            if coding.strip().lower() != b"chunked":
                self.fault = bad_request(f"transfer-encoding {coding.decode('latin-1')!r} is not supported")
            elif self.http10:
                self.fault = bad_request("HTTP/1.0 has no transfer-encoding")
            self.chunked = True
        elif length is not None:
            self.length = int(length)
        if self.chunked or self.length:
            media = noted.get(CONTENT_TYPE, b"")
            self.buffered = is_json(media)
            if not self.buffered and media[:1] in {b"m", b"M"}:
                boundary = boundary_of(media)
                self._form = ModelPart(boundary) if boundary else None
            expected = noted.get(EXPECT)
            if expected is not None and not self.http10:
                self.expects = expected.lower() == b"100-continue"
                if not self.expects:
                    self.fault = self.fault or expectation_failed(expected.decode("latin-1"))

    def _read_target(self, host: bytes | None) -> bytes | None:
        """A target in absolute form: its authority is the host, whatever the Host header says (RFC 9112, 3.2.2)."""
        if self.url == b"*" and self.method == b"OPTIONS":
            self.fault = self.fault or Notice(200)
            return host
        if self.url[:7].lower() not in {b"http://", b"https:/"}:
            self.fault = self.fault or bad_request("the request's target is neither a path nor an http URL")
            return host
        try:
            parts = urlsplit(self.url)
        except ValueError:
            self.fault = bad_request("the request's target is no valid URL")
            return host
        if not parts.netloc or b"@" in parts.netloc:
            self.fault = bad_request("the request's target names no host, or a user")
            return host
        if host is None and not self.http10:
            return None
        self.url = (parts.path or b"/") + (b"?" + parts.query if parts.query else b"")
        self.lines = [b"host", COLON, parts.netloc, CRLF, *without(self.lines, frozenset({b"host"}))]
        return parts.netloc

    def _normalise(self) -> None:
        path, mark, query = self.url.partition(b"?")
        normal = normal_path(path)
        if b"#" in self.url:
            self.fault = self.fault or bad_request("the request's target has a fragment")
        elif normal is None:
            self.fault = self.fault or bad_request("the request's path has a % that encodes nothing")
        else:
            self.url = normal + mark + query
