"""The filters of HTTPRoute rules and backends (Gateway API v1, `httproute_types.go`)."""

from typing import Annotated, Literal

from msgspec import Meta

from turnout.resources.references import BackendObjectReference, LocalObjectReference
from turnout.resources.words import HeaderName, HeaderValue, Part, PortNumber, PreciseHostname

FilterType = Literal[
    "RequestHeaderModifier",
    "ResponseHeaderModifier",
    "RequestMirror",
    "RequestRedirect",
    "URLRewrite",
    "ExtensionRef",
    "CORS",
    "ExternalAuth",
]
Origin = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=253,
        pattern=r"(^\*$)|(^(http(s)?):\/\/(((\*\.)?([a-zA-Z0-9\-]+\.)*[a-zA-Z0-9-]+|\*)(:([0-9]{1,5}))?)$)",
    ),
]
CORSMethod = Literal["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "*"]


class HTTPHeader(Part, frozen=True):
    """A header and its value."""

    name: HeaderName
    value: HeaderValue


class HTTPHeaderFilter(Part, frozen=True):
    """`set` overwrites, `add` appends, `remove` removes. Names are case-insensitive."""

    set: Annotated[
        tuple[HTTPHeader, ...], Meta(max_length=16, extra_json_schema={"x-kubernetes-list-map-keys": ["name"]})
    ] = ()
    add: Annotated[
        tuple[HTTPHeader, ...], Meta(max_length=16, extra_json_schema={"x-kubernetes-list-map-keys": ["name"]})
    ] = ()
    remove: Annotated[tuple[str, ...], Meta(max_length=16, extra_json_schema={"x-kubernetes-list-type": "set"})] = ()


class HTTPPathModifier(Part, frozen=True):
    """How a path is rewritten."""

    type: Literal["ReplaceFullPath", "ReplacePrefixMatch"]
    replace_full_path: Annotated[str, Meta(max_length=1024)] | None = None
    replace_prefix_match: Annotated[str, Meta(max_length=1024)] | None = None


class HTTPRequestRedirectFilter(Part, frozen=True):
    """Answers with a redirect."""

    scheme: Literal["http", "https"] | None = None
    hostname: PreciseHostname | None = None
    path: HTTPPathModifier | None = None
    port: PortNumber | None = None
    status_code: Literal[301, 302, 303, 307, 308] = 302


class HTTPURLRewriteFilter(Part, frozen=True):
    """Rewrites the request on its way to the backend."""

    hostname: PreciseHostname | None = None
    path: HTTPPathModifier | None = None


class Fraction(Part, frozen=True):
    """`numerator` of `denominator`."""

    numerator: Annotated[int, Meta(ge=0, le=2147483647)]
    denominator: Annotated[int, Meta(ge=1, le=2147483647)] = 100


class HTTPRequestMirrorFilter(Part, frozen=True):
    """Copies requests to a second backend, whose answers are dropped. Neither share given means all."""

    backend_ref: BackendObjectReference
    percent: Annotated[int, Meta(ge=0, le=100)] | None = None
    fraction: Fraction | None = None


class HTTPCORSFilter(Part, frozen=True):
    """Cross-origin answers. `max_age` is in seconds."""

    allow_origins: Annotated[
        tuple[Origin, ...], Meta(max_length=64, extra_json_schema={"x-kubernetes-list-type": "set"})
    ] = ()
    allow_credentials: bool | None = None
    allow_methods: Annotated[
        tuple[CORSMethod, ...], Meta(max_length=9, extra_json_schema={"x-kubernetes-list-type": "set"})
    ] = ()
    allow_headers: Annotated[
        tuple[HeaderName, ...], Meta(max_length=64, extra_json_schema={"x-kubernetes-list-type": "set"})
    ] = ()
    expose_headers: Annotated[
        tuple[HeaderName, ...], Meta(max_length=64, extra_json_schema={"x-kubernetes-list-type": "set"})
    ] = ()
    max_age: Annotated[int, Meta(ge=1, le=2147483647)] = 5


class GRPCAuthConfig(Part, frozen=True):
    """What an external authoriser is sent over gRPC."""

    allowed_headers: Annotated[
        tuple[str, ...], Meta(max_length=64, extra_json_schema={"x-kubernetes-list-type": "set"})
    ] = ()


class HTTPAuthConfig(Part, frozen=True):
    """What an external authoriser is sent over HTTP."""

    path: (
        Annotated[str, Meta(max_length=1024, pattern=r"^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+$")] | None
    ) = None
    allowed_headers: Annotated[
        tuple[str, ...], Meta(max_length=64, extra_json_schema={"x-kubernetes-list-type": "set"})
    ] = ()
    allowed_response_headers: Annotated[
        tuple[str, ...], Meta(max_length=64, extra_json_schema={"x-kubernetes-list-type": "set"})
    ] = ()


class ForwardBodyConfig(Part, frozen=True):
    """How much of the body is sent to the authoriser, in bytes."""

    max_size: Annotated[int, Meta(ge=0, le=65535)] | None = None


class HTTPExternalAuthFilter(Part, frozen=True):
    """Asks another service whether a request may pass."""

    protocol: Literal["HTTP", "GRPC"]
    backend_ref: BackendObjectReference
    grpc: GRPCAuthConfig | None = None
    http: HTTPAuthConfig | None = None
    forward_body: ForwardBodyConfig | None = None


class HTTPRouteFilter(Part, frozen=True):
    """One filter: `type` names the one field that is set beside it."""

    type: FilterType
    request_header_modifier: HTTPHeaderFilter | None = None
    response_header_modifier: HTTPHeaderFilter | None = None
    request_mirror: HTTPRequestMirrorFilter | None = None
    request_redirect: HTTPRequestRedirectFilter | None = None
    url_rewrite: HTTPURLRewriteFilter | None = None
    cors: HTTPCORSFilter | None = None
    external_auth: HTTPExternalAuthFilter | None = None
    extension_ref: LocalObjectReference | None = None
