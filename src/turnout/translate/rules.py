"""Rules of HTTPRoutes: the table's, and what of them cannot be served."""

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from turnout.resources.durations import milliseconds
from turnout.resources.httproute import HTTPRoute, HTTPRouteRule, HTTPRouteTimeouts
from turnout.table import Match, Rule, Split, Timeouts
from turnout.translate.backend_refs import ResolvedRefs, resolve
from turnout.translate.destinations import Destinations, Unresolved
from turnout.translate.filters import ReadFilters, Scope, read_filters
from turnout.translate.matches import read_matches
from turnout.translate.unserved import Unserved


class ReadRule(Struct, frozen=True):
    """A rule as Turnout sees it.

    `rule` is its part of the table. With anything `unserved` it is dropped: `rule` is None, or answers 500 to every
    request where it holds a guard. `pools` are the keys of the existing pools that it names, its mirrors' included.
    """

    index: int
    rule: Rule | None
    unserved: tuple[Unserved, ...]
    unresolved: tuple[Unresolved, ...]
    pools: tuple[str, ...]


def read_rules(route: HTTPRoute, destinations: Destinations) -> tuple[ReadRule, ...]:
    """All rules of the route, in order."""
    return tuple(_read(route, index, rule, destinations) for index, rule in enumerate(route.spec.rules))


def scope_of(route: HTTPRoute, rule: HTTPRouteRule, destinations: Destinations) -> Scope:
    """What filters of the rule are read by."""
    prefixes = all(match.path.type == "PathPrefix" for match in rule.matches)
    return Scope(route.metadata.namespace, destinations, prefixes)


def _read(route: HTTPRoute, index: int, written: HTTPRouteRule, destinations: Destinations) -> ReadRule:
    field = f"rules[{index}]"
    scope = scope_of(route, written, destinations)
    matches = read_matches(written.matches, f"{field}.matches")
    filters = read_filters(written.filters, f"{field}.filters", scope)
    refs = resolve(written.backend_refs, f"{field}.backendRefs", replace(scope, of_backend=True))
    between = (*_unsupported(written, field), *_twice_rewritten(filters, refs, field))
    unserved = (*matches.unserved, *filters.unserved, *refs.unserved, *between)
    rule = None
    if not unserved:
        rule = _served(_closed(route, index, matches.matches), written, filters, refs)
    elif not matches.unserved and any(one.guard for one in unserved):
        rule = _closed(route, index, matches.matches)
    return ReadRule(
        index=index,
        rule=rule,
        unserved=unserved,
        unresolved=(*filters.unresolved, *refs.unresolved),
        pools=tuple(sorted({*filters.pools, *refs.pools})) if not unserved else (),
    )


def name_of(rules: Sequence[HTTPRouteRule], index: int) -> str:
    """The rule's name, or its index as text: `#INDEX` where another rule is named so. No two of a route have one."""
    name = str(index)
    return rules[index].name or (f"#{name}" if any(one.name == name for one in rules) else name)


def _closed(route: HTTPRoute, index: int, matches: tuple[Match, ...]) -> Rule:
    """The rule without anywhere to send requests to: each is answered 500."""
    name = name_of(route.spec.rules, index)
    return Rule(name, index, matches, Split(salt=f"{route.metadata.uid}/{name}", backends=()))


def _served(rule: Rule, written: HTTPRouteRule, filters: ReadFilters, refs: ResolvedRefs) -> Rule:
    return replace(
        rule,
        split=replace(rule.split, backends=refs.backends),
        filters=filters.filters,
        timeouts=_timeouts(written.timeouts),
    )


def _timeouts(written: HTTPRouteTimeouts | None) -> Timeouts | None:
    if written is None or (written.request is None and written.backend_request is None):
        return None
    return Timeouts(_seconds(written.request), _seconds(written.backend_request))


def _seconds(duration: str | None) -> float | None:
    return None if duration is None else milliseconds(duration) / 1000


def _unsupported(written: HTTPRouteRule, field: str) -> Iterator[Unserved]:
    """What stands beside matches, filters and backendRefs."""
    if written.backend_refs and any(one.type == "RequestRedirect" for one in written.filters):
        yield Unserved(f"{field}: RequestRedirect and backendRefs cannot be combined", incompatible=True)
    if written.retry is not None:
        yield Unserved(f"{field}.retry is not supported")
    if written.session_persistence is not None:
        yield Unserved(f"{field}.sessionPersistence is not supported")


def _twice_rewritten(filters: ReadFilters, refs: ResolvedRefs, field: str) -> Iterator[Unserved]:
    """A backendRef's filters come after the rule's, and find no matched prefix in a path that those have replaced."""
    if filters.filters.rewrite is None or filters.filters.rewrite.path is None:
        return
    for backend in refs.backends:
        rewrite = backend.filters.rewrite
        if rewrite is not None and rewrite.path is not None and rewrite.path.type == "prefix":
            message = f"{field}: URLRewrite of the path in the rule and ReplacePrefixMatch in a backendRef"
            yield Unserved(f"{message} cannot be combined", incompatible=True)
