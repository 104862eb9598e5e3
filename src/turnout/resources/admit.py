"""From what a user wrote to what is stored, or to all that is wrong with it."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from turnout.resources.checking import check
from turnout.resources.defaulting import filled
from turnout.resources.document import JSON, Document
from turnout.resources.faults import Fault, invalid
from turnout.resources.kinds import Kind
from turnout.resources.normalise import normalised
from turnout.resources.objectnames import check_metadata
from turnout.resources.pruning import pruned
from turnout.resources.schema import parts_of, schema_of

DEEPEST = 64


class Admission(Struct, frozen=True):
    """What became of a document.

    `document` is a whole copy: in the standard form and the stored version, nulls and unknown fields gone, defaults
    filled in. It may be stored if there are no `faults`. `unknown` are the fields that were cut (`spec.foo`);
    `warnings` are for the user.
    """

    document: Document
    warnings: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()


def admit(kind: Kind, document: Mapping[str, JSON], old: Mapping[str, JSON] | None = None) -> Admission:
    """What is to be stored for `document`, an object of `kind`; `old` is what is stored so far, for an update.

    Admitting the result again changes nothing. It raises nothing, whatever JSON the document holds.
    """
    if too_deep(document):
        return Admission({}, faults=(invalid("", "object", f"nested more than {DEEPEST} levels deep"),))
    warnings: list[str] = []
    unknown: list[str] = []
    schema = schema_of(kind)
    standard = normalised(kind, dict(document), warnings)
    whole = filled(schema, pruned(schema, standard, "", unknown))
    faults = tuple(all_faults(kind, whole, old))
    return Admission(whole, tuple(warnings), tuple(unknown), faults)


def all_faults(kind: Kind, document: Document, old: Mapping[str, JSON] | None) -> Iterator[Fault]:
    """The faults of the metadata, of the fields, and of the change from `old`."""
    found = list(check(schema_of(kind), parts_of(kind.type), document))
    if not any(fault.field.startswith("metadata") for fault in found):
        yield from check_metadata(kind, document.get("metadata", {}))
    yield from found
    if old is not None:
        yield from changed(kind, document, old)


def changed(kind: Kind, document: Mapping[str, JSON], old: Mapping[str, JSON]) -> Iterator[Fault]:
    """A fault for each field that never changes, or does not any longer, and did."""
    for path in kind.immutable:
        before, after = value_at(old, path), value_at(document, path)
        if before is not None and after is not None and before != after:
            yield invalid(path, after, "field is immutable")
    for path in kind.sealed if old.get("immutable") is True else ():
        if value_at(old, path) != value_at(document, path):
            yield Fault(path, "FieldValueForbidden", None, "field is immutable when `immutable` is set")


def value_at(document: JSON, path: str) -> JSON:
    """What is at `path` (`spec.controllerName`, no list on the way); None for nothing."""
    for name in path.split("."):
        if not isinstance(document, dict):
            return None
        document = document.get(name)
    return document


def too_deep(document: Mapping[str, JSON]) -> bool:
    """True for a document nested deeper than any kind's, before anything walks it recursively."""
    level: list[JSON] = [document]
    for _ in range(DEEPEST):
        level = [inner for one in level for inner in inside(one)]
        if not level:
            return False
    return True


def inside(value: JSON) -> list[JSON]:
    """The objects and lists directly in `value`."""
    values = value.values() if isinstance(value, Mapping) else value
    return [one for one in values if isinstance(one, dict | list)]
