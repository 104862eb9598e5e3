"""GatewayParameters: settings of the Gateways that name it, or whose class does (turnout.dev/v1alpha1)."""

from typing import Annotated, Literal

from msgspec import Meta, field

from turnout.resources.document import JSON
from turnout.resources.metadata import Resource
from turnout.resources.words import Duration, Part

Switch = Literal["Enabled", "Disabled"]


class Limits(Part, frozen=True):
    """What requests may be at most. A longer body is answered 413."""

    request_body_bytes: Annotated[int, Meta(ge=1, le=2**40)] | None = None


class ConnectionTimeouts(Part, frozen=True):
    """`idle`: how long a connection without a request is kept; `0s` is for ever, here and in the others.

    `first_byte`: how long a model server may take to begin its answer, `stream_idle` how long it may be silent within.
    Neither ends an answer that moves.
    """

    idle: Duration | None = None
    first_byte: Duration | None = None
    stream_idle: Duration | None = None


class AccessLog(Part, frozen=True):
    """Which requests get a line. `Sampled` is those that failed, and `sample_ratio` of the others."""

    mode: Literal["Off", "Errors", "Sampled", "All"] = "All"
    sample_ratio: Annotated[float, Meta(ge=0, le=1)] = 0.01


class GatewayParametersSpec(Part, frozen=True):
    """What is not given is as it would be without the object.

    `response_headers` are `x-turnout-pool` and `x-turnout-endpoint`; `explain_header` tells how an endpoint was chosen.
    """

    limits: Limits | None = None
    timeouts: ConnectionTimeouts | None = None
    access_log: AccessLog | None = None
    response_headers: Switch | None = None
    explain_header: Switch | None = None


class GatewayParameters(Resource, frozen=True, kw_only=True):
    """Settings of Gateways."""

    spec: GatewayParametersSpec = GatewayParametersSpec()
    status: dict[str, JSON] = field(default_factory=dict)
