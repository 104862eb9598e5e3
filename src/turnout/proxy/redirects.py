"""Where a RequestRedirect sends the client (HTTPRoute `HTTPRequestRedirectFilter`)."""

from turnout.proxy.paths import PathChange
from turnout.table import PathMatch, Redirect

_KNOWN_PORTS = {"http": 80, "https": 443}


class Redirection:
    """A Redirect, compiled for its match and for the port at which its listener is reached, with TLS or without."""

    __slots__ = ("_authority", "_path", "_port", "_scheme", "code")

    def __init__(self, redirect: Redirect, match: PathMatch, port: int, *, tls: bool = False) -> None:
        self.code = redirect.code
        scheme = redirect.scheme.lower() or ("https" if tls else "http")
        known = _KNOWN_PORTS.get(scheme)
        chosen = redirect.port or (known if redirect.scheme and known else port)
        self._scheme = scheme.encode()
        self._port = b"" if chosen == known else b":%d" % chosen
        self._authority = redirect.hostname.encode()
        self._path = PathChange(redirect.path, match) if redirect.path is not None else None

    def location(self, host: str, target: bytes) -> bytes:
        """The `Location` for a request for `target` of `host`, which has no port. Without any host it is a path."""
        authority = self._authority or host.encode("latin-1")
        if self._path is not None:
            target = self._path.apply(target)
        if not authority:
            return b"/" + target.lstrip(b"/")  # `//x` would name a host
        return b"%b://%b%b%b" % (self._scheme, authority, self._port, target)
