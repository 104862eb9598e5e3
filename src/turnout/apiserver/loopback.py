"""The rules of an API without credentials: it serves this machine's own clients, and no web page in its browsers.

A page can make a browser send requests to loopback, under a name of the page's own that resolves there (DNS rebinding).
Such requests name another Host or carry an Origin; writes that need no preflight come in a form's content types.
"""

import re
from collections.abc import Mapping

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from turnout.apiserver import media
from turnout.apiserver.errors import StatusError, forbidden, unsupported_media_type
from turnout.apiserver.responses import status_response

OPEN = ("/healthz", "/readyz")
"""Paths that say nothing worth guarding."""
WRITES = ("POST", "PUT", "PATCH", "DELETE")
READS = ("GET", "HEAD")
HOST = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?", re.IGNORECASE)


def refusal(method: str, path: str, headers: Mapping[str, str]) -> StatusError | None:
    """Why a request is not let in, or None. `headers` have lower-case names."""
    if path in OPEN and method in READS:
        return None
    if not HOST.fullmatch(headers.get("host", "")):
        return forbidden("this API answers only to the hosts 127.0.0.1, localhost and [::1]")
    if "origin" in headers:
        return forbidden("this API answers no web page: a request with an Origin header is refused")
    if method in READS:
        return None
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    bodiless = headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers
    # A form cannot send DELETE, and a script that does asks first, with an Origin.
    if content_type in (*media.OBJECTS, *media.PATCHES, media.APPLY_PATCH) or (method == "DELETE" and bodiless):
        return None
    return unsupported_media_type((*media.OBJECTS, *media.PATCHES))


class LoopbackOnly:
    """ASGI middleware that answers what `refusal` refuses."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on, or refuses it."""
        app = self._app
        if scope["type"] == "http":
            request = Request(scope)
            error = refusal(request.method, request.url.path, request.headers)
            app = app if error is None else status_response(error)
        await app(scope, receive, send)
