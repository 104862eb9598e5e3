"""ReferenceGrant: who may name objects of its namespace from another one (Gateway API v1)."""

from typing import Annotated

from msgspec import Meta, field

from turnout.resources.metadata import Resource
from turnout.resources.words import Group, KindName, NamespaceName, ObjectName, Part


class ReferenceGrantFrom(Part, frozen=True):
    """The objects of one kind in one other namespace."""

    group: Group
    kind: KindName
    namespace: NamespaceName


class ReferenceGrantTo(Part, frozen=True):
    """The objects of one kind in the grant's own namespace; with `name`, that one alone."""

    group: Group
    kind: KindName
    name: ObjectName | None = None


class ReferenceGrantSpec(Part, frozen=True):
    """Each of `from` may name each of `to`."""

    from_: Annotated[tuple[ReferenceGrantFrom, ...], Meta(min_length=1, max_length=16)] = field(name="from")
    to: Annotated[tuple[ReferenceGrantTo, ...], Meta(min_length=1, max_length=16)]


class ReferenceGrant(Resource, frozen=True, kw_only=True):
    """A permission to refer across namespaces. It has no status; its end is the permission's end."""

    spec: ReferenceGrantSpec
