"""Which request targets are heard at all: what a path hides behind escapes is in none of Kubernetes' names."""

import re

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from turnout.apiserver.errors import StatusError, bad_request, no_such_path
from turnout.apiserver.responses import status_response

MAX_PATH = 4096
"""Bytes of a path: the longest that names something is under 1 KiB."""
ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})?")
PLAIN = re.compile(r"[\x21-\x7e]*")


def refusal(raw_path: bytes, path: str) -> StatusError | None:
    """Why a path is not heard, or None. `path` is `raw_path` without its escapes."""
    if len(raw_path) > MAX_PATH:
        return bad_request(f"the path is longer than {MAX_PATH} bytes")
    if any((escape[1] or b"").upper() in (b"", b"2F", b"5C") for escape in ESCAPE.finditer(raw_path)):
        return bad_request("the path holds an escaped slash or a broken escape")
    if not PLAIN.fullmatch(path):
        return bad_request("the path holds characters that are in no name")
    if any(part in (".", "..") for part in path.split("/")):
        return no_such_path()
    return None


class PlainPaths:
    """ASGI middleware that answers what `refusal` refuses."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on, or refuses it."""
        app = self._app
        if scope["type"] == "http":
            error = refusal(scope.get("raw_path") or Request(scope).url.path.encode(), scope["path"])
            app = app if error is None else status_response(error)
        await app(scope, receive, send)
