"""Header modifiers: what they change, and the headers that are the gateway's own."""

import re
from collections.abc import Iterable, Iterator

from turnout.resources.httpfilter import HTTPHeader, HTTPHeaderFilter
from turnout.table import HeaderChange
from turnout.translate.unserved import Unserved

HOPS = frozenset(
    ("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer")
)
FRAMING = frozenset(("content-length", "expect", "transfer-encoding", "upgrade"))
PRIVATE = ("x-turnout-", "x-gateway-destination-endpoint")
REQUEST_ID = "x-request-id"
"""Answers bear the request's own."""
NAME = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`|~]+")
VALUE = re.compile(r"[!-~]+([\t ]+[!-~]+)*")


def never_passes(name: str) -> bool:
    """Whether a request header of that name stays at the client's side, where no rule sees it."""
    low = name.lower()
    return low in HOPS or low in FRAMING or low.startswith(PRIVATE)


def header_change(written: HTTPHeaderFilter) -> HeaderChange:
    """The change. Of equivalent names in one list the first counts (HTTPRoute `HTTPHeader.name`)."""
    return HeaderChange(_pairs(written.set), _pairs(written.add), tuple(dict.fromkeys(written.remove)))


def _pairs(headers: Iterable[HTTPHeader]) -> tuple[tuple[str, str], ...]:
    found: dict[str, tuple[str, str]] = {}
    for header in headers:
        found.setdefault(header.name.lower(), (header.name, header.value))
    return tuple(found.values())


def header_faults(written: HTTPHeaderFilter, field: str, *, of_answers: bool = False) -> Iterator[Unserved]:
    """What of the modifier at `field` no gateway may do, or only this one itself. `of_answers`: it is a response's."""
    named = [(f"{field}.set[{index}]", one.name) for index, one in enumerate(written.set)]
    named += [(f"{field}.add[{index}]", one.name) for index, one in enumerate(written.add)]
    named += [(f"{field}.remove[{index}]", name) for index, name in enumerate(written.remove)]
    for place, name in named:
        why = _refusal(name, of_answers=of_answers)
        if why:
            yield Unserved(f"{place}: {why}")
    values = [(f"{field}.set[{index}].value", one.value) for index, one in enumerate(written.set)]
    values += [(f"{field}.add[{index}].value", one.value) for index, one in enumerate(written.add)]
    for place, value in values:
        if not VALUE.fullmatch(value):
            yield Unserved(f"{place} is no header value")


def _refusal(name: str, *, of_answers: bool) -> str:
    """Why the header cannot be modified; empty when it can."""
    low = name.lower()
    if not NAME.fullmatch(name):
        return f"{name!r} is no header name"
    if low == "host":
        return "the Host header cannot be modified: a URLRewrite's hostname can"
    if low in HOPS:
        return f"header {name} is between two neighbours and cannot be modified"
    if low in FRAMING:
        return f"header {name} frames the message and cannot be modified"
    if low.startswith(PRIVATE) or (of_answers and low == REQUEST_ID):
        return f"header {name} is the gateway's own and cannot be modified"
    return ""
