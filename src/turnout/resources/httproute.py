"""HTTPRoute: which requests go to which backends, in what shares (Gateway API v1, `httproute_types.go`)."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from typing import Annotated, Literal

from msgspec import Meta, field

from turnout.resources.document import JSON
from turnout.resources.durations import milliseconds
from turnout.resources.faults import Fault, broken
from turnout.resources.httpfilter import HTTPRouteFilter, filter_list_faults
from turnout.resources.metadata import Resource
from turnout.resources.references import BackendObjectReference, ParentReference
from turnout.resources.words import Duration, HeaderName, HeaderValue, Hostname, Part, SectionName

Method = Literal["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"]
MOST_MATCHES = 128
PATH = r"(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+"


class HTTPPathMatch(Part, frozen=True):
    """`PathPrefix` matches whole path elements."""

    type: Literal["Exact", "PathPrefix", "RegularExpression"] = "PathPrefix"
    value: Annotated[str, Meta(max_length=1024)] = "/"

    def faults(self) -> Iterator[Fault]:
        """A path that is not a regular expression is absolute and needs no normalisation."""
        if self.type == "RegularExpression":
            return
        when = "when type one of ['Exact', 'PathPrefix']"
        if not self.value.startswith("/"):
            yield broken("", "object", f"value must be an absolute path and start with '/' {when}")
        for part in ("//", "/./", "/../", "%2f", "%2F", "#"):
            if part in self.value:
                yield broken("", "object", f"must not contain '{part}' {when}")
        for end in ("/..", "/."):
            if self.value.endswith(end):
                yield broken("", "object", f"must not end with '{end}' {when}")
        if not re.fullmatch(PATH, self.value):
            rule = f"must only contain valid characters (matching ^{PATH}$) for types ['Exact', 'PathPrefix']"
            yield broken("", "object", rule)


class HTTPHeaderMatch(Part, frozen=True):
    """A header that a request must carry. Names are case-insensitive."""

    name: HeaderName
    value: HeaderValue
    type: Literal["Exact", "RegularExpression"] = "Exact"


class HTTPQueryParamMatch(Part, frozen=True):
    """A query parameter that a request must carry."""

    name: HeaderName
    value: Annotated[str, Meta(min_length=1, max_length=1024)]
    type: Literal["Exact", "RegularExpression"] = "Exact"


class HTTPRouteMatch(Part, frozen=True):
    """What a request must look like: all of it must hold."""

    path: HTTPPathMatch = HTTPPathMatch()
    headers: Annotated[
        tuple[HTTPHeaderMatch, ...], Meta(max_length=16, extra_json_schema={"x-kubernetes-list-map-keys": ["name"]})
    ] = ()
    query_params: Annotated[
        tuple[HTTPQueryParamMatch, ...], Meta(max_length=16, extra_json_schema={"x-kubernetes-list-map-keys": ["name"]})
    ] = ()
    method: Method | None = None


class HTTPBackendRef(BackendObjectReference, frozen=True):
    """One arm of a split. Its share is `weight` over the sum of the weights in its list."""

    weight: Annotated[int, Meta(ge=0, le=1000000)] = 1
    filters: Annotated[tuple[HTTPRouteFilter, ...], Meta(max_length=16)] = ()

    def faults(self) -> Iterator[Fault]:
        """Those of the reference and those of its filters."""
        yield from BackendObjectReference.faults(self)
        yield from filter_list_faults(self.filters)


class HTTPRouteTimeouts(Part, frozen=True):
    """`request` covers the whole exchange with retries, `backend_request` one try. `0s` switches one off."""

    request: Duration | None = None
    backend_request: Duration | None = None

    def faults(self) -> Iterator[Fault]:
        """One try lasts no longer than the whole."""
        if self.request is None or self.backend_request is None or not milliseconds(self.request):
            return
        if milliseconds(self.backend_request) > milliseconds(self.request):
            yield broken("", "object", "backendRequest timeout cannot be longer than request timeout")


class HTTPRouteRetry(Part, frozen=True):
    """Which answers are tried again, how often and after how long."""

    codes: Annotated[
        tuple[Annotated[int, Meta(ge=400, le=599)], ...], Meta(extra_json_schema={"x-kubernetes-list-type": "set"})
    ] = ()
    attempts: Annotated[int, Meta(ge=1)] | None = None
    backoff: Duration | None = None


class SessionCookie(Part, frozen=True):
    """The cookie that carries a session."""

    name: HeaderName | None = None
    path: Annotated[str, Meta(max_length=1024)] = "/"
    lifetime_type: Literal["Permanent", "Session"] = "Session"


class SessionHeader(Part, frozen=True):
    """The header that carries a session."""

    name: HeaderName


class SessionPersistence(Part, frozen=True):
    """Keeps a session on one backend (GEP-1619)."""

    type: Literal["Cookie", "Header"] = "Cookie"
    absolute_timeout: Duration | None = None
    cookie: SessionCookie | None = None
    header: SessionHeader | None = None

    def faults(self) -> Iterator[Fault]:
        """`type` names the field that is set; a permanent cookie ends some time."""
        if self.cookie is not None and self.cookie.lifetime_type == "Permanent" and self.absolute_timeout is None:
            yield broken("", "object", "AbsoluteTimeout must be specified when cookie lifetimeType is Permanent")
        for kind, settings in (("Cookie", self.cookie), ("Header", self.header)):
            if settings is not None and self.type != kind:
                yield broken("", "object", f"{kind.lower()} must be nil if type is not {kind}")
            if settings is None and self.type == kind:
                yield broken("", "object", f"{kind.lower()} must be specified for {kind} type")


class HTTPRouteRule(Part, frozen=True):
    """Requests that look like any of `matches` are shared between `backend_refs`."""

    name: SectionName | None = None
    matches: Annotated[tuple[HTTPRouteMatch, ...], Meta(max_length=64)] = (HTTPRouteMatch(),)
    filters: Annotated[tuple[HTTPRouteFilter, ...], Meta(max_length=16)] = ()
    backend_refs: Annotated[tuple[HTTPBackendRef, ...], Meta(max_length=16)] = ()
    timeouts: HTTPRouteTimeouts | None = None
    retry: HTTPRouteRetry | None = None
    session_persistence: SessionPersistence | None = None

    def faults(self) -> Iterator[Fault]:
        """Filters that do not go together with each other, with the backends or with the matches."""
        yield from filter_list_faults(self.filters)
        if self.backend_refs and any(one.request_redirect for one in self.filters):
            yield broken("", "object", "RequestRedirect filter must not be used together with backendRefs")
        yield from self.prefix_faults("When", self.filters)
        inner = tuple(one for backend in self.backend_refs for one in backend.filters)
        yield from self.prefix_faults("Within backendRefs, when", inner)

    def prefix_faults(self, where: str, filters: tuple[HTTPRouteFilter, ...]) -> Iterator[Fault]:
        """A prefix can be replaced only where it is known which one has matched."""
        if len(self.matches) == 1 and self.matches[0].path.type == "PathPrefix":
            return
        for kind in sorted({one.type for one in filters if one.replaces_prefix}):
            rule = f"{where} using {kind} filter with path.replacePrefixMatch, exactly one PathPrefix match must be"
            yield broken("", "object", f"{rule} specified")


class HTTPRouteSpec(Part, frozen=True):
    """No `hostnames` means every host of the listeners."""

    parent_refs: Annotated[tuple[ParentReference, ...], Meta(max_length=32)] = ()
    hostnames: Annotated[tuple[Hostname, ...], Meta(max_length=16)] = ()
    rules: Annotated[tuple[HTTPRouteRule, ...], Meta(min_length=1, max_length=16)] = (HTTPRouteRule(),)
    use_default_gateways: Literal["All", "None"] | None = None

    def faults(self) -> Iterator[Fault]:
        """Parents that cannot be told apart, rules of one name, and too many matches in all."""
        pairs = [(one, two) for one, two in combinations(self.parent_refs, 2) if one.parent == two.parent]
        same = "when parentRefs includes 2 or more references to the same parent"
        if any(
            bool(one.section_name) != bool(two.section_name) or bool(one.port) != bool(two.port) for one, two in pairs
        ):
            yield broken("parentRefs", "array", f"sectionName or port must be specified {same}")
        if any((one.section_name, one.port) == (two.section_name, two.port) for one, two in pairs):
            yield broken("parentRefs", "array", f"sectionName or port must be unique {same}")
        names = Counter(rule.name for rule in self.rules if rule.name is not None)
        if any(count > 1 for count in names.values()):
            yield broken("rules", "array", "Rule name must be unique within the route")
        if sum(len(rule.matches) for rule in self.rules) > MOST_MATCHES:
            yield broken(
                "rules",
                "array",
                "While 16 rules and 64 matches per rule are allowed, the total number of matches across all rules in a "
                f"route must be less than {MOST_MATCHES}",
            )


class HTTPRoute(Resource, frozen=True, kw_only=True):
    """How requests of some hosts and paths are shared between backends."""

    spec: HTTPRouteSpec
    status: dict[str, JSON] = field(default_factory=dict)
