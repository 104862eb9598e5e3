"""What a kind is to the API: its names, versions and printed columns."""

from msgspec import Struct

from turnout.resources.metadata import Resource


class Column(Struct, frozen=True):
    """A column of `kubectl get` beside the name, which always comes first. `priority` 1 is shown by `-o wide` only.

    `type` is OpenAPI's, or `date` (shown as an age), or `count`: the number of entries of what is at `json_path`, which
    may then be several paths with spaces between.
    """

    name: str
    type: str
    json_path: str
    priority: int = 0
    description: str = ""


class Kind(Struct, frozen=True):
    """A kind as the API serves it. `group` is empty for core kinds; `version` is the one that is stored.

    `strategic` kinds are merged by strategic merge patch, as Kubernetes does with its own kinds. `immutable` are the
    fields that never change, `sealed` those that do not once the object's own field `immutable` is true.
    """

    group: str
    version: str
    versions: tuple[str, ...]
    kind: str
    plural: str
    singular: str
    type: type[Resource]
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    namespaced: bool = True
    has_status: bool = True
    strategic: bool = False
    immutable: tuple[str, ...] = ()
    sealed: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()

    @property
    def api_version(self) -> str:
        """`group/version` as it is stored; `version` alone for core kinds."""
        return api_version(self.group, self.version)


AGE = Column("Age", "date", ".metadata.creationTimestamp")


def api_version(group: str, version: str) -> str:
    """`group/version`, or `version` alone for the core group."""
    return f"{group}/{version}" if group else version
