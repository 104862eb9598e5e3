"""Filters of HTTPRoute rules and backendRefs: the table's, and what of them is refused."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from turnout.resources.httpfilter import (
    HTTPRequestMirrorFilter,
    HTTPRequestRedirectFilter,
    HTTPRouteFilter,
    HTTPURLRewriteFilter,
)
from turnout.table import NO_FILTERS, Filters, Mirror, ObjectRef, Redirect, Rewrite
from turnout.translate.destinations import Destinations, Unresolved
from turnout.translate.modifiers import header_change, header_faults
from turnout.translate.path_modifiers import path_faults, path_modifier
from turnout.translate.unserved import Unserved

GUARDS = ("ExternalAuth", "ExtensionRef")
"""Types that may decide who passes: what an ExtensionRef does is not known here."""
UNSUPPORTED = ("CORS", *GUARDS)
RULE_ONLY = ("RequestMirror", "RequestRedirect")


class Scope(Struct, frozen=True):
    """Where filters stand: in a rule of a route in `namespace`, or in a backendRef of it.

    `prefixes`: all matches of the rule are of type PathPrefix.
    """

    namespace: str
    destinations: Destinations
    prefixes: bool
    of_backend: bool = False


class ReadFilters(Struct, frozen=True):
    """One list of filters. `pools` are the keys of those that mirrors name and that exist."""

    filters: Filters
    unserved: tuple[Unserved, ...] = ()
    unresolved: tuple[Unresolved, ...] = ()
    pools: tuple[str, ...] = ()


def read_filters(written: Sequence[HTTPRouteFilter], field: str, scope: Scope) -> ReadFilters:
    """The filters at `field`. A mirror to a pool that cannot be had is left out, and so is one of no request at all."""
    if not written:
        return ReadFilters(NO_FILTERS)
    unserved = [*_combinations(written, field)]
    mirrors: list[Mirror] = []
    pools: list[str] = []
    unresolved: list[Unresolved] = []
    for index, one in enumerate(written):
        place = f"{field}[{index}]"
        unserved += _faults(one, place, scope)
        if one.type == "RequestMirror" and one.request_mirror is not None:
            mirror = _mirror(one.request_mirror, scope.namespace)
            fault = scope.destinations.fault_of(mirror.pool, scope.namespace)
            if fault is not None:
                unresolved.append(Unresolved(fault.reason, f"{place}.requestMirror.backendRef: {fault.message}"))
            elif mirror.numerator:
                mirrors.append(mirror)
            if scope.destinations.known(mirror.pool, fault):
                pools.append(mirror.pool.key)
    return ReadFilters(_filters(written, tuple(mirrors)), tuple(unserved), tuple(unresolved), tuple(pools))


def _filters(written: Sequence[HTTPRouteFilter], mirrors: tuple[Mirror, ...]) -> Filters:
    found = Filters(
        request_headers=tuple(
            header_change(one.request_header_modifier)
            for one in written
            if one.type == "RequestHeaderModifier" and one.request_header_modifier is not None
        ),
        response_headers=tuple(
            header_change(one.response_header_modifier)
            for one in written
            if one.type == "ResponseHeaderModifier" and one.response_header_modifier is not None
        ),
        rewrite=next(map(_rewrite, (one.url_rewrite for one in written if one.url_rewrite is not None)), None),
        redirect=next(
            map(_redirect, (one.request_redirect for one in written if one.request_redirect is not None)), None
        ),
        mirrors=mirrors,
    )
    # The very object is what an encoder leaves out.
    return NO_FILTERS if found == NO_FILTERS else found


def _rewrite(written: HTTPURLRewriteFilter) -> Rewrite:
    return Rewrite(written.hostname or "", path_modifier(written.path))


def _redirect(written: HTTPRequestRedirectFilter) -> Redirect:
    return Redirect(
        code=written.status_code,
        scheme=written.scheme or "",
        hostname=written.hostname or "",
        port=written.port or 0,
        path=path_modifier(written.path),
    )


def _mirror(written: HTTPRequestMirrorFilter, namespace: str) -> Mirror:
    """Neither percent nor fraction is every request."""
    ref = written.backend_ref
    pool = ObjectRef(ref.group, ref.kind, ref.namespace or namespace, ref.name)
    if written.fraction is not None:
        return Mirror(pool, written.fraction.numerator, written.fraction.denominator)
    return Mirror(pool, 100 if written.percent is None else written.percent, 100)


def _combinations(written: Sequence[HTTPRouteFilter], field: str) -> Iterator[Unserved]:
    """A redirect is the gateway's own answer, at once: there is nothing to rewrite or to mirror."""
    types = [one.type for one in written]
    if "RequestRedirect" in types:
        for other in ("URLRewrite", "RequestMirror"):
            if other in types:
                yield Unserved(f"{field}: RequestRedirect and {other} cannot be combined", incompatible=True)
    for kind in ("RequestRedirect", "URLRewrite"):
        if types.count(kind) > 1:
            yield Unserved(f"{field}: {kind} cannot be repeated", incompatible=True)


def _faults(one: HTTPRouteFilter, place: str, scope: Scope) -> Iterator[Unserved]:
    """What is refused of one filter, by itself."""
    if one.type in UNSUPPORTED:
        yield Unserved(f"{place}.type {one.type} is not supported{_named(one)}", guard=one.type in GUARDS)
    elif scope.of_backend and one.type in RULE_ONLY:
        yield Unserved(f"{place}.type {one.type} is not supported in a backendRef: it is in the rule's own filters")
    if one.request_header_modifier is not None:
        yield from header_faults(one.request_header_modifier, f"{place}.requestHeaderModifier")
    if one.response_header_modifier is not None:
        yield from header_faults(one.response_header_modifier, f"{place}.responseHeaderModifier", of_answers=True)
    if one.url_rewrite is not None:
        yield from path_faults(one.url_rewrite.path, f"{place}.urlRewrite.path", prefixes=scope.prefixes)
    if one.request_redirect is not None:
        yield from path_faults(one.request_redirect.path, f"{place}.requestRedirect.path", prefixes=scope.prefixes)


def _named(one: HTTPRouteFilter) -> str:
    ref = one.extension_ref
    return f" ({ref.group}/{ref.kind} {ref.name})" if ref is not None else ""
