"""Namespace: the room that names of objects are unique in (core v1)."""

from turnout.resources.document import JSON
from turnout.resources.metadata import Resource
from turnout.resources.words import Part


class NamespaceSpec(Part, frozen=True):
    """`finalizers` must be empty before the namespace goes."""

    finalizers: tuple[str, ...] = ()


class NamespaceStatus(Part, frozen=True):
    """`phase` is Active or Terminating."""

    phase: str = "Active"
    conditions: tuple[dict[str, JSON], ...] = ()


class Namespace(Resource, frozen=True, kw_only=True):
    """A room for objects."""

    spec: NamespaceSpec = NamespaceSpec()
    status: NamespaceStatus = NamespaceStatus()
