"""HTTPRoute: which requests go to which backends, in what shares (Gateway API v1, `httproute_types.go`)."""

from typing import Annotated, Literal

from msgspec import Meta, field

from turnout.resources.document import JSON
from turnout.resources.httpfilter import HTTPRouteFilter
from turnout.resources.metadata import Resource
from turnout.resources.references import BackendObjectReference, ParentReference
from turnout.resources.words import Duration, HeaderName, HeaderValue, Hostname, Part, SectionName

Method = Literal["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"]


class HTTPPathMatch(Part, frozen=True):
    """`PathPrefix` matches whole path elements."""

    type: Literal["Exact", "PathPrefix", "RegularExpression"] = "PathPrefix"
    value: Annotated[str, Meta(max_length=1024)] = "/"


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


class HTTPRouteTimeouts(Part, frozen=True):
    """`request` covers the whole exchange with retries, `backend_request` one try. `0s` switches one off."""

    request: Duration | None = None
    backend_request: Duration | None = None


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


class HTTPRouteRule(Part, frozen=True):
    """Requests that look like any of `matches` are shared between `backend_refs`."""

    name: SectionName | None = None
    matches: Annotated[tuple[HTTPRouteMatch, ...], Meta(max_length=64)] = (HTTPRouteMatch(),)
    filters: Annotated[tuple[HTTPRouteFilter, ...], Meta(max_length=16)] = ()
    backend_refs: Annotated[tuple[HTTPBackendRef, ...], Meta(max_length=16)] = ()
    timeouts: HTTPRouteTimeouts | None = None
    retry: HTTPRouteRetry | None = None
    session_persistence: SessionPersistence | None = None


class HTTPRouteSpec(Part, frozen=True):
    """No `hostnames` means every host of the listeners."""

    parent_refs: Annotated[tuple[ParentReference, ...], Meta(max_length=32)] = ()
    hostnames: Annotated[tuple[Hostname, ...], Meta(max_length=16)] = ()
    rules: Annotated[tuple[HTTPRouteRule, ...], Meta(min_length=1, max_length=16)] = (HTTPRouteRule(),)
    use_default_gateways: Literal["All", "None"] | None = None


class HTTPRoute(Resource, frozen=True, kw_only=True):
    """How requests of some hosts and paths are shared between backends."""

    spec: HTTPRouteSpec
    status: dict[str, JSON] = field(default_factory=dict)
