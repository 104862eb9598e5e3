"""The word types of the Gateway API and the Inference Extension: names, ports, hostnames, durations."""

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, Struct

from turnout.resources.faults import Fault

LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
SUBDOMAIN = rf"{LABEL}(\.{LABEL})*"

Group = Annotated[str, Meta(max_length=253, pattern=rf"^$|^{SUBDOMAIN}$")]
KindName = Annotated[str, Meta(min_length=1, max_length=63, pattern="^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$")]
ObjectName = Annotated[str, Meta(min_length=1, max_length=253)]
NamespaceName = Annotated[str, Meta(min_length=1, max_length=63, pattern=f"^{LABEL}$")]
SectionName = Annotated[str, Meta(min_length=1, max_length=253, pattern=f"^{SUBDOMAIN}$")]
PortNumber = Annotated[int, Meta(ge=1, le=65535)]
Hostname = Annotated[str, Meta(min_length=1, max_length=253, pattern=rf"^(\*\.)?{SUBDOMAIN}$")]
PreciseHostname = Annotated[str, Meta(min_length=1, max_length=253, pattern=f"^{SUBDOMAIN}$")]
# GEP-2257: a subset of Go's durations, so that every implementation reads the same.
Duration = Annotated[str, Meta(pattern="^([0-9]{1,5}(h|m|s|ms)){1,4}$")]
HeaderName = Annotated[str, Meta(min_length=1, max_length=256, pattern=r"^[A-Za-z0-9!#$%&'*+\-.^_\x60|~]+$")]
# Upstream's separator is optional: the same words, but exponential time in a backtracking matcher.
HeaderValue = Annotated[str, Meta(min_length=1, max_length=4096, pattern=r"^[!-~]+([\t ][!-~]+)*$")]
AnnotationValue = Annotated[str, Meta(max_length=4096)]
LabelValue = Annotated[str, Meta(max_length=63, pattern="^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$")]
Labels = dict[str, LabelValue]


class Part(Struct, frozen=True, rename="camel", omit_defaults=True):
    """What every typed part of a resource is: frozen, camelCase in JSON, and a default of Python is one of the API.

    Three defaults stand for "absent" and are no defaults of the API: None, the empty tuple and the empty dict.
    """

    def faults(self) -> Iterator[Fault]:
        """What is wrong between fields that are right one by one. Fields are named from this part on."""
        yield from ()
