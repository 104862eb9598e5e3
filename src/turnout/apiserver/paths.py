"""A path of the API to what it names."""

from collections.abc import Sequence

from msgspec import Struct

from turnout.apiserver.errors import no_such_path
from turnout.apiserver.stored import Key
from turnout.resources.kinds import KINDS, Kind, find_plural


class Target(Struct, frozen=True):
    """A kind, and one object of it if `name` is given; `version` is the one that the client speaks.

    `namespace` is empty for a cluster-scoped kind, and for a list across all namespaces.
    """

    kind: Kind
    version: str
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    @property
    def key(self) -> Key:
        """The object's key."""
        return Key(self.kind.group, self.kind.plural, self.namespace, self.name)


def parse_path(path: str) -> Target:
    """Reads `/api/V/...` and `/apis/G/V/...`. Raises a 404 on a path that names nothing served."""
    parts = path.removeprefix("/").split("/")
    if parts[0] == "api" and len(parts) > 2:
        group, version, rest = "", parts[1], parts[2:]
    elif parts[0] == "apis" and len(parts) > 3:
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        raise no_such_path()
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2 and find_plural(group, version, rest[2]):
        namespace, rest = rest[1], rest[2:]
    kind = find_plural(group, version, rest[0])
    if kind is None:
        raise no_such_path(_hint(group, version, rest[2] if rest[0] == "namespaces" and len(rest) > 2 else rest[0]))
    return _target(kind, version, namespace, rest[1:])


def _target(kind: Kind, version: str, namespace: str, rest: Sequence[str]) -> Target:
    name, subresource, *more = (*rest, "", "")[: max(2, len(rest))]
    wrong_scope = bool(namespace and not kind.namespaced) or bool(name and kind.namespaced and not namespace)
    known = not subresource or (subresource == "status" and kind.has_status)
    if more or wrong_scope or not known or (rest and not name):
        raise no_such_path()
    return Target(kind, version, namespace, name, subresource)


def _hint(group: str, version: str, plural: str) -> str:
    """Where the kind of that name is served, if it is."""
    served = next((kind for kind in KINDS if kind.plural == plural), None)
    if served is None:
        return ""
    asked = f"{group}/{version}" if group else version
    return f"{served.kind} is not served as {asked}; use {served.api_version}"
