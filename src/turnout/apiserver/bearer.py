"""The rule of an API with credentials: whoever has the token may do everything, everybody else nothing."""

import hmac

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from turnout.apiserver.errors import unauthorized
from turnout.apiserver.loopback import OPEN, READS
from turnout.apiserver.responses import status_response


def holds_token(authorization: str, token: str) -> bool:
    """Whether the header `Authorization` carries the token; the comparison takes the same time wherever they differ."""
    scheme, _, given = authorization.partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode())


class BearerOnly:
    """ASGI middleware that lets in the token, and anyone to what says nothing worth guarding."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on, or answers 401."""
        app = self._app
        if scope["type"] == "http":
            request = Request(scope)
            opened = request.url.path in OPEN and request.method in READS
            # Latin-1 as headers are: a header that is not ASCII is wrong, not an error.
            if not opened and not holds_token(request.headers.get("authorization", ""), self._token):
                app = status_response(unauthorized())
                app.headers["WWW-Authenticate"] = 'Bearer realm="turnout"'
        await app(scope, receive, send)
