"""Conditions: what a status says of an object (Kubernetes API conventions, `metav1.Condition`)."""

from collections.abc import Iterable

from msgspec import Struct

from turnout.resources.document import JSON, Document

LONGEST = 32768
"""Characters: the API's maximum for a message."""


OCCASIONAL = frozenset({"PartiallyInvalid", "turnout.dev/WeightsOverridden"})
"""Types that are said only while they hold: one that is not found any more goes."""


_STATUSES = {True: "True", False: "False", None: "Unknown"}


class Condition(Struct, frozen=True):
    """One condition as translation finds it; `holds` None is Unknown. `stamped` adds generation and time."""

    type: str
    holds: bool | None
    reason: str
    message: str


def met(kind: str, reason: str, message: str) -> Condition:
    """The condition of type `kind`, True."""
    return Condition(kind, holds=True, reason=reason, message=message)


def unmet(kind: str, reason: str, message: str) -> Condition:
    """The condition of type `kind`, False."""
    return Condition(kind, holds=False, reason=reason, message=message)


def unknown(kind: str, reason: str, message: str) -> Condition:
    """The condition of type `kind`, Unknown."""
    return Condition(kind, holds=None, reason=reason, message=message)


class Stamp(Struct, frozen=True):
    """What a condition is stamped with: the object's generation and the present time (RFC 3339)."""

    generation: int
    now: str


def stamped(found: Iterable[Condition], existing: JSON, stamp: Stamp) -> list[Document]:
    """`found` as status JSON, then the existing conditions of other types, as they are.

    `lastTransitionTime` is kept where the condition's status is: an unchanged object gives equal conditions.
    """
    before = {entry["type"]: entry for entry in entries(existing) if isinstance(entry.get("type"), str)}
    fresh: dict[str, Document] = {}
    for condition in found:
        status = _STATUSES[condition.holds]
        old = before.get(condition.type, {})
        since = old.get("lastTransitionTime") if old.get("status") == status else None
        fresh[condition.type] = {
            "type": condition.type,
            "status": status,
            "reason": condition.reason,
            "message": condition.message[:LONGEST],
            "observedGeneration": stamp.generation,
            "lastTransitionTime": since or stamp.now,
        }
    return [*fresh.values(), *(entry for kind, entry in before.items() if kind not in fresh and kind not in OCCASIONAL)]


def entries(value: JSON) -> list[Document]:
    """The mappings in a status list. A status is written by anybody: what has another form is passed over."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
