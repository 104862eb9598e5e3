"""The filters of HTTPRoute rules and backends (Gateway API v1, `httproute_types.go`)."""

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta

from turnout.resources.faults import Fault, broken
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

    def faults(self) -> Iterator[Fault]:
        """`type` names the field that is set."""
        for kind, name, value in (
            ("ReplaceFullPath", "replaceFullPath", self.replace_full_path),
            ("ReplacePrefixMatch", "replacePrefixMatch", self.replace_prefix_match),
        ):
            if self.type == kind and value is None:
                yield broken("", "object", f"{name} must be specified when type is set to '{kind}'")
            if self.type != kind and value is not None:
                yield broken("", "object", f"type must be '{kind}' when {name} is set")


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

    def faults(self) -> Iterator[Fault]:
        """A share is at most all."""
        if self.numerator > self.denominator:
            yield broken("", "object", "numerator must be less than or equal to denominator")


class HTTPRequestMirrorFilter(Part, frozen=True):
    """Copies requests to a second backend, whose answers are dropped. Neither share given means all."""

    backend_ref: BackendObjectReference
    percent: Annotated[int, Meta(ge=0, le=100)] | None = None
    fraction: Fraction | None = None

    def faults(self) -> Iterator[Fault]:
        """One share."""
        if self.percent is not None and self.fraction is not None:
            rule = "Only one of percent or fraction may be specified in HTTPRequestMirrorFilter"
            yield broken("", "object", rule)


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

    def faults(self) -> Iterator[Fault]:
        """A star stands alone."""
        for name, noun, values in (
            ("allowOrigins", "AllowOrigins cannot contain '*' alongside other origins", self.allow_origins),
            ("allowMethods", "AllowMethods cannot contain '*' alongside other methods", self.allow_methods),
            ("allowHeaders", "AllowHeaders cannot contain '*' alongside other methods", self.allow_headers),
        ):
            if "*" in values and len(values) > 1:
                yield broken(name, "array", noun)


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

    max_size: Annotated[int, Meta(ge=0, le=2147483647)] | None = None


class HTTPExternalAuthFilter(Part, frozen=True):
    """Asks another service whether a request may pass."""

    protocol: Literal["HTTP", "GRPC"]
    backend_ref: BackendObjectReference
    grpc: GRPCAuthConfig | None = None
    http: HTTPAuthConfig | None = None
    forward_body: ForwardBodyConfig | None = None

    def faults(self) -> Iterator[Fault]:
        """`protocol` names the field that is set."""
        for name, settings in (("GRPC", self.grpc), ("HTTP", self.http)):
            if self.protocol == name and settings is None:
                yield broken("", "object", f"{name.lower()} must be specified when protocol is set to '{name}'")
            if self.protocol != name and settings is not None:
                yield broken("", "object", f"protocol must be '{name}' when {name.lower()} is set")


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

    def faults(self) -> Iterator[Fault]:
        """`type` names the field that is set."""
        for kind, name, settings in (
            ("CORS", "cors", self.cors),
            ("RequestHeaderModifier", "requestHeaderModifier", self.request_header_modifier),
            ("ResponseHeaderModifier", "responseHeaderModifier", self.response_header_modifier),
            ("RequestMirror", "requestMirror", self.request_mirror),
            ("RequestRedirect", "requestRedirect", self.request_redirect),
            ("URLRewrite", "urlRewrite", self.url_rewrite),
            ("ExtensionRef", "extensionRef", self.extension_ref),
            ("ExternalAuth", "externalAuth", self.external_auth),
        ):
            if settings is not None and self.type != kind:
                yield broken("", "object", f"filter.{name} must be nil if the filter.type is not {kind}")
            if settings is None and self.type == kind:
                yield broken("", "object", f"filter.{name} must be specified for {kind} filter.type")

    @property
    def replaces_prefix(self) -> bool:
        """True when it rewrites what a PathPrefix match has matched."""
        rewriter = self.request_redirect or self.url_rewrite
        return rewriter is not None and rewriter.path is not None and rewriter.path.type == "ReplacePrefixMatch"


def filter_list_faults(filters: tuple[HTTPRouteFilter, ...]) -> Iterator[Fault]:
    """What is wrong between the filters of one list, `filters`."""
    types = [one.type for one in filters]
    if "RequestRedirect" in types and "URLRewrite" in types:
        rule = "May specify either httpRouteFilterRequestRedirect or httpRouteFilterRequestRewrite, but not both"
        yield broken("filters", "array", rule)
    for kind in ("CORS", "RequestHeaderModifier", "ResponseHeaderModifier", "RequestRedirect", "URLRewrite"):
        if types.count(kind) > 1:
            yield broken("filters", "array", f"{kind} filter cannot be repeated")
