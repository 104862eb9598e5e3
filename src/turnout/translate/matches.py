"""Matches of HTTPRoute rules: the table's, with everything checked that only compiling can check."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from turnout.resources.httproute import HTTPHeaderMatch, HTTPQueryParamMatch, HTTPRouteMatch
from turnout.routing.expressions import expression
from turnout.table import Match, PathMatch, ValueMatch
from turnout.translate.modifiers import never_passes
from turnout.translate.unserved import Unserved

TUNNELS = "CONNECT"
"""The one method without a path to match: no tunnel is opened to a model server by it (RFC 9110 section 9.3.6)."""


class ReadMatches(Struct, frozen=True):
    """A rule's matches, and what of them cannot be served."""

    matches: tuple[Match, ...]
    unserved: tuple[Unserved, ...]


def read_matches(matches: Iterable[HTTPRouteMatch], field: str) -> ReadMatches:
    """The matches at `field`; none at all match every request."""
    written = tuple(matches) or (HTTPRouteMatch(),)
    faults = tuple(fault for index, one in enumerate(written) for fault in _faults(one, f"{field}[{index}]"))
    return ReadMatches(tuple(map(_match, written)), faults)


def _match(match: HTTPRouteMatch) -> Match:
    return Match(
        path=PathMatch(match.path.type, match.path.value),
        method=match.method or "",
        # Of equivalent names the first counts: those of headers are equal in any case, those of parameters as written.
        headers=_values(match.headers, lower=True),
        query=_values(match.query_params, lower=False),
    )


def _values(written: Iterable[HTTPHeaderMatch | HTTPQueryParamMatch], *, lower: bool) -> tuple[ValueMatch, ...]:
    found: dict[str, ValueMatch] = {}
    for one in written:
        name = one.name.lower() if lower else one.name
        found.setdefault(name, ValueMatch(name, one.value, one.type))
    return tuple(found.values())


def _faults(match: HTTPRouteMatch, field: str) -> Iterator[Unserved]:
    if match.method == TUNNELS:
        yield Unserved(f"{field}.method {TUNNELS} is not supported")
    for index, one in enumerate(match.headers):
        if never_passes(one.name):
            yield Unserved(f"{field}.headers[{index}].name: header {one.name} ends at the gateway and is never matched")
    expressions = [(f"{field}.path.value", match.path.type, match.path.value)]
    expressions += [(f"{field}.headers[{index}].value", one.type, one.value) for index, one in enumerate(match.headers)]
    expressions += [
        (f"{field}.queryParams[{index}].value", one.type, one.value) for index, one in enumerate(match.query_params)
    ]
    for place, kind, value in expressions:
        if kind != "RegularExpression":
            continue
        try:
            expression(value)
        except ValueError as fault:
            yield Unserved(f"{place}: {fault}")
