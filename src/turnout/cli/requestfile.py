"""A request written down: an OpenAI body, or `{"method", "host", "path", "headers", "body"}` around one."""

import json
from collections.abc import Mapping, Sequence

from msgspec import Struct

from turnout.inference.affinity import field_of, prefix_of
from turnout.resources.document import JSON
from turnout.table import SplitKey

ENVELOPE = frozenset(("method", "host", "path", "headers", "body"))
PATHS = (("messages", "/v1/chat/completions"), ("prompt", "/v1/completions"), ("input", "/v1/embeddings"))
"""Where a body is sent that does not say where, by a field that it has."""
USUAL = (SplitKey("header", "x-session-id"), SplitKey("bodyField", "prompt_cache_key"))
"""The keys of every split that names none."""


class RequestFileError(Exception):
    """The file is no request; the text says why."""


class WrittenRequest(Struct, frozen=True):
    """A request as routing sees it. Header names are in lower case; `path` may have a query."""

    method_name: str = "POST"
    host: str = ""
    path: str = "/"
    headers: dict[str, str] = {}
    body: bytes = b""

    @property
    def method(self) -> bytes:
        """The method, as it is written."""
        return self.method_name.encode()

    @property
    def url(self) -> bytes:
        """The target with its query."""
        return self.path.encode("utf-8", "surrogatepass")

    @property
    def lines(self) -> list[bytes]:
        """The headers, four items each."""
        pairs = [("host", self.host), *self.headers.items()]
        return [part for name, value in pairs for part in (name.encode(), b": ", value.encode(), b"\r\n")]

    def key(self, keys: Sequence[SplitKey]) -> tuple[SplitKey, str] | None:
        """The first of `keys` (of the usual ones, if there are none) that the request has, and its value."""
        for key in keys or USUAL:
            value = self._value(key)
            if value:
                return key, value
        return None

    def _value(self, key: SplitKey) -> str:
        match key.source:
            case "header":
                return self.headers.get(key.name.lower(), "")
            case "bodyField":
                return field_of(self.body, key.name)
            case "prefixHash":
                return prefix_of(self.body, key.messages)
            case "clientIP":
                return ""  # nobody has sent it yet


def read_request_file(text: str, headers: Mapping[str, str], *, host: str = "", path: str = "") -> WrittenRequest:
    """The request of a file; what is given beside it goes first. Raises `RequestFileError`."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RequestFileError(f"not JSON: {error}") from error
    if not isinstance(document, dict):
        raise RequestFileError("not a JSON object")
    whole = document if document.keys() <= ENVELOPE and document else {"body": document}
    body = whole.get("body", {})
    written = {name: _text(whole, name) for name in ("method", "host", "path")}
    given = whole.get("headers", {})
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise RequestFileError("headers: must be an object of texts")
    names = {name.lower(): value for name, value in {**given, **headers}.items()}
    return WrittenRequest(
        method_name=written["method"] or "POST",
        host=bare_host(host or written["host"] or names.pop("host", "")),
        path=path or written["path"] or _usual_path(body),
        headers=names,
        body=json.dumps(body).encode(),
    )


def bare_host(text: str) -> str:
    """A Host header in lower case, without its port."""
    host, colon, port = text.lower().rpartition(":")
    return host if colon and port.isdigit() else text.lower()


def _text(document: Mapping[str, JSON], name: str) -> str:
    value = document.get(name, "")
    if not isinstance(value, str):
        raise RequestFileError(f"{name}: must be text")
    return value


def _usual_path(body: JSON) -> str:
    for field, path in PATHS:
        if isinstance(body, dict) and field in body:
            return path
    return "/v1/chat/completions"
