"""The errors that the gateway answers itself: OpenAI-shaped JSON, with the reason in a header."""

from email.utils import formatdate
from typing import NamedTuple

import msgspec

from turnout.proxy.heads import CLOSE, CRLF, KEEP_ALIVE, STATUS_LINES


class Fault(NamedTuple):
    """Why a request is not relayed. `reason` is the value of `x-turnout-reason`."""

    code: int
    reason: str
    message: str


class Notice(NamedTuple):
    """An answer of the gateway's own that is no error and has no body. `lines` are its header lines."""

    code: int
    lines: bytes = b""
    reason: str = ""


BAD_REQUEST = "bad-request"
TIMEOUT = "timeout"
UPSTREAM_RESET = "upstream-reset"
CLIENT_GONE = "client-gone"
SATURATED = "saturated"
RETRY_AFTER = b"retry-after: 1\r\n"
"""When a saturated gateway may be asked again: what fills it is gone in a moment, or it is not."""


def bad_request(message: str) -> Fault:
    """The request breaks HTTP's rules, or asks for what is not served."""
    return Fault(400, BAD_REQUEST, message)


def version_not_supported(version: str) -> Fault:
    """The client speaks another HTTP than 1.0 and 1.1."""
    return Fault(505, BAD_REQUEST, f"HTTP/{version} is not served: use HTTP/1.1")


def expectation_failed(expected: str) -> Fault:
    """The client expects what is not known here."""
    return Fault(417, BAD_REQUEST, f"the expectation {expected!r} cannot be met")


def too_many_headers(limit: int) -> Fault:
    """The request has more than `limit` header fields."""
    return Fault(431, "headers-too-large", f"the request has more than {limit} header fields")


def headers_too_large(limit: int) -> Fault:
    """The request's head is longer than `limit` bytes."""
    return Fault(431, "headers-too-large", f"the request's headers are over the limit of {limit} bytes")


def body_too_large(limit: int) -> Fault:
    """The request's body is longer than `limit` bytes."""
    return Fault(413, "body-too-large", f"the request's body is over the limit of {limit} bytes")


def body_too_slow(seconds: float) -> Fault:
    """The client has stopped sending the body that it announced."""
    return Fault(408, BAD_REQUEST, f"nothing of the request's body came for {seconds:g} s")


def too_many_bodies(limit: int) -> Fault:
    """The requests that are being read take up all the memory that they may."""
    return Fault(429, SATURATED, f"the requests being read are over the gateway's limit of {limit} bytes together")


def too_many_connections(limit: int) -> Fault:
    """More clients are connected than may be."""
    return Fault(429, SATURATED, f"the gateway's limit of {limit} connections is reached")


def no_route(host: str, path: str) -> Fault:
    """No rule matches."""
    return Fault(404, "no-route", f"no route matches host {host!r} and path {path!r}")


def misdirected(host: str) -> Fault:
    """The connection's TLS handshake was for another listener than the one that serves this host."""
    return Fault(421, "misdirected", f"host {host!r} is served to connections whose TLS handshake names it")


def forbidden_path(path: str) -> Fault:
    """The path would command a model server, and no rule names it exactly."""
    return Fault(403, "forbidden-path", f"path {path!r} is for managing model servers")


def empty_split(route: str, rule: str) -> Fault:
    """The rule has no backend with a weight."""
    return Fault(500, "invalid-backend", f"rule {rule} of route {route} has no backend with a weight above 0")


def invalid_backend(backend: str, why: str) -> Fault:
    """The chosen backend cannot be resolved."""
    return Fault(500, "invalid-backend", f"backend {backend} cannot be used: {why}")


def no_endpoints(pool: str) -> Fault:
    """The chosen pool has no endpoint that takes requests."""
    return Fault(503, "no-endpoints", f"pool {pool} has no endpoint that takes requests")


def upstream_connect(pool: str, attempts: int) -> Fault:
    """As many endpoints as may be tried refused the connection."""
    return Fault(503, "upstream-connect", f"{attempts} endpoints of pool {pool} could not be connected to")


def upstream_reset(endpoint: str, why: str) -> Fault:
    """The endpoint ended the connection before its answer."""
    return Fault(502, UPSTREAM_RESET, f"endpoint {endpoint} gave no whole answer: {why}")


def timed_out(endpoint: str, seconds: float) -> Fault:
    """The endpoint was silent for too long."""
    return Fault(504, TIMEOUT, f"endpoint {endpoint} sent nothing for {seconds:g} s")


def overdue(seconds: float) -> Fault:
    """The answer did not begin in the time that the route allows."""
    return Fault(504, TIMEOUT, f"no answer within the {seconds:g} s that the route allows")


def draining() -> Fault:
    """The gateway ends, and the request was not answered in the time that was left."""
    return Fault(503, "draining", "the gateway is shutting down")


def write_notice(notice: Notice, request_id: bytes, *, close: bool = False, http10: bool = False) -> bytes:
    """The whole answer."""
    return b"".join(
        (
            STATUS_LINES[notice.code],
            b"date: %b\r\ncontent-length: 0\r\n" % formatdate(usegmt=True).encode(),
            notice.lines,
            b"x-request-id: %b\r\n" % request_id,
            CLOSE if close else KEEP_ALIVE if http10 else b"",
            CRLF,
        )
    )


def write_answer(
    fault: Fault,
    request_id: bytes,
    origin: bytes = b"",
    *,
    close: bool = False,
    http10: bool = False,
    head_only: bool = False,
) -> bytes:
    """The whole answer. `origin` is header lines that say which pool was chosen; `head_only` leaves the body out."""
    kind = "invalid_request_error" if fault.code < 500 else "server_error"
    body = msgspec.json.encode({"error": {"message": fault.message, "type": kind, "code": fault.reason}})
    return b"".join(
        (
            STATUS_LINES[fault.code],
            b"date: %b\r\ncontent-type: application/json\r\n" % formatdate(usegmt=True).encode(),
            b"content-length: %d\r\nx-turnout-reason: %b\r\n" % (len(body), fault.reason.encode()),
            RETRY_AFTER if fault.reason == SATURATED else b"",
            origin,
            b"x-request-id: %b\r\n" % request_id,
            CLOSE if close else KEEP_ALIVE if http10 else b"",
            CRLF,
            b"" if head_only else body,
        )
    )
