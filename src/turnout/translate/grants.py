"""ReferenceGrants: who may refer to what in another namespace (Gateway API, `ReferenceGrant`)."""

from collections.abc import Iterable

from msgspec import Struct

from turnout.resources.kinds import GATEWAY_GROUP
from turnout.resources.referencegrant import ReferenceGrant
from turnout.table import ObjectRef


class Trust(Struct, frozen=True):
    """One pair of a grant: objects of a kind in `source` may refer to those of a kind in `target`.

    Kinds are (group, kind). `name` is the one object that is meant, None for all of them.
    """

    source_kind: tuple[str, str]
    source: str
    target_kind: tuple[str, str]
    target: str
    name: str | None = None


class Grants(Struct, frozen=True):
    """Every grant of one moment. One that is gone permits nothing from then on."""

    trusts: frozenset[Trust] = frozenset()

    @classmethod
    def of(cls, grants: Iterable[ReferenceGrant]) -> "Grants":
        """What `grants` permit, all of them together."""
        return cls(
            frozenset(
                Trust((one.group, one.kind), one.namespace, (to.group, to.kind), grant.metadata.namespace, to.name)
                for grant in grants
                for one in grant.spec.from_
                for to in grant.spec.to
            )
        )

    def permit(self, namespace: str, ref: ObjectRef, kind: tuple[str, str] = (GATEWAY_GROUP, "HTTPRoute")) -> bool:
        """Whether an object of `kind` in `namespace` may refer to `ref`: its own namespace it always may."""
        if ref.namespace == namespace:
            return True
        target = (ref.group, ref.kind)
        return any(Trust(kind, namespace, target, ref.namespace, name) in self.trusts for name in (None, ref.name))
