"""ModelServer: one model server outside a cluster, where a Pod would be inside one (turnout.dev/v1alpha1)."""

import ipaddress
import re
from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta, field

from turnout.resources.document import JSON
from turnout.resources.faults import Fault, invalid
from turnout.resources.metadata import Resource
from turnout.resources.words import SUBDOMAIN, Group, KindName, ObjectName, Part, PortNumber, PreciseHostname

Engine = Literal["vllm", "sglang", "trtllm-serve", "triton-tensorrt-llm"]


class CertificateReference(Part, frozen=True):
    """Where the certificates of an authority are kept."""

    name: ObjectName
    group: Group = ""
    kind: KindName = "ConfigMap"


class UpstreamTLS(Part, frozen=True):
    """The server is spoken to over TLS. `hostname` is the name its certificate must bear."""

    hostname: PreciseHostname | None = None
    ca_certificate_ref: CertificateReference | None = None


class SecretKeyReference(Part, frozen=True):
    """One key of a Secret in the same namespace."""

    name: ObjectName
    key: Annotated[str, Meta(min_length=1, max_length=253)] = "apiKey"


class ModelServerSpec(Part, frozen=True):
    """`address` is an IP or a host name. `port` overrides the pools' targetPorts."""

    address: Annotated[str, Meta(min_length=1, max_length=253)]
    port: PortNumber | None = None
    engine: Engine = "vllm"
    tls: UpstreamTLS | None = None
    api_key_secret_ref: SecretKeyReference | None = None

    def faults(self) -> Iterator[Fault]:
        """`address` is an address and nothing beside it."""
        if not is_host(self.address):
            yield invalid(
                "address",
                self.address,
                "must be an IP address or a host name (lowercase RFC 1123); a port goes into spec.port",
            )


class ModelServer(Resource, frozen=True, kw_only=True):
    """One model server. InferencePools select it by its labels."""

    spec: ModelServerSpec
    status: dict[str, JSON] = field(default_factory=dict)


def is_host(text: str) -> bool:
    """True for an IP address and for a lowercase RFC 1123 host name. A last label of digits is no host name's."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return bool(re.fullmatch(SUBDOMAIN, text)) and not text.rpartition(".")[2].isdigit()
    return "%" not in text
