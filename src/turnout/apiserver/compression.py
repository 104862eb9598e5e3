"""Large answers in gzip, for clients that take it (kubectl does): lists of thousands of objects shrink tenfold."""

import asyncio
import gzip

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MIN_BYTES = 128 * 1024
"""Smaller answers go as they are, as in Kubernetes."""
LEVEL = 1


def takes_gzip(accept_encoding: str) -> bool:
    """Whether the header `Accept-Encoding` names gzip, and not to refuse it."""
    for part in accept_encoding.lower().split(","):
        coding, *parameters = (each.strip() for each in part.split(";"))
        if coding in ("gzip", "*"):
            return not any(each.replace(" ", "") in ("q=0", "q=0.0", "q=0.00", "q=0.000") for each in parameters)
    return False


class Compressed:
    """ASGI middleware that compresses answers that come in one piece; streams, such as watches, are left alone."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on."""
        if scope["type"] == "http" and takes_gzip(Headers(scope=scope).get("accept-encoding", "")):
            send = _Compressing(send)
        await self._app(scope, receive, send)


class _Compressing:
    """Holds an answer's head back until it is clear how the body goes."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._head: Message | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._head = message
            return
        if self._head is not None:
            head, self._head = self._head, None
            body = message.get("body", b"")
            if len(body) >= MIN_BYTES and not message.get("more_body"):
                # In a thread: it takes long enough to hold everybody else up, and zlib lets others run.
                body = await asyncio.to_thread(gzip.compress, body, LEVEL, mtime=0)
                headers = MutableHeaders(raw=head["headers"])
                headers["content-encoding"], headers["content-length"] = "gzip", str(len(body))
                headers.add_vary_header("Accept-Encoding")
                message = {**message, "body": body}
            await self._send(head)
        await self._send(message)
