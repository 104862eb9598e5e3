"""The fields of a document, the fields in which two documents differ, and documents put together or cut by fields."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from turnout.apiserver.jsonpatch import same
from turnout.apiserver.ownership.encoding import Tree, encoded, is_member
from turnout.apiserver.ownership.paths import FieldSet, Path
from turnout.apiserver.ownership.shapes import below, is_declared, parts
from turnout.resources.document import JSON, Document
from turnout.resources.schema import Schema


class Comparison(Struct, frozen=True):
    """Paths that only the new document has, that differ, and that only the old one has; inner ones included."""

    added: FieldSet
    modified: FieldSet
    removed: FieldSet

    @property
    def changed(self) -> FieldSet:
        """What whoever wrote the new document now owns."""
        return self.added | self.modified


def fields_of(shape: Schema, value: JSON) -> FieldSet:
    """What someone who says `value` owns: its leaves, its items and the entries of its maps, not the structs around."""
    found: set[Path] = set()
    _collect(shape, value, (), found, inner=False)
    return frozenset(found)


def _collect(shape: Schema, value: JSON, path: Path, found: set[Path], *, inner: bool) -> None:
    inside = parts(shape, value)
    if path and (inner or not inside):
        found.add(path)
    for element, one in (inside or {}).items():
        if not is_declared(shape, element):
            found.add((*path, element))
        _collect(below(shape, element), one, (*path, element), found, inner=inner)


def compare(shape: Schema, old: Document, new: Document) -> Comparison:
    """In which fields `new` differs from `old`."""
    added: set[Path] = set()
    modified: set[Path] = set()
    removed: set[Path] = set()

    def differ(shape: Schema, before: JSON, after: JSON, path: Path) -> None:
        if before is after:
            return
        left, right = parts(shape, before), parts(shape, after)
        if (left is None or right is None) and not same(before, after):
            modified.add(path)
        left, right = left or {}, right or {}
        for element in left.keys() | right.keys():
            inner, place = below(shape, element), (*path, element)
            if element not in left:
                _collect(inner, right[element], place, added, inner=True)
            elif element not in right:
                _collect(inner, left[element], place, removed, inner=True)
            else:
                differ(inner, left[element], right[element], place)

    differ(shape, old, new, ())
    return Comparison(frozenset(added), frozenset(modified), frozenset(removed))


def with_structs(shape: Schema, fields: Iterable[Path]) -> FieldSet:
    """`fields` and the structs around them: who owns a field keeps the structs that it is in."""
    found: set[Path] = set()
    for path in fields:
        found.add(path)
        node = shape
        for length, element in enumerate(path[:-1], 1):
            if is_declared(node, element):
                found.add(path[:length])
            node = below(node, element)
    return frozenset(found)


def merged(shape: Schema, live: JSON, wanted: JSON) -> JSON:
    """`live` with everything that `wanted` says. Items that both have stand in the order of `wanted`."""
    before, after = parts(shape, live), parts(shape, wanted)
    if before is None or after is None or type(live) is not type(wanted):
        return wanted
    both = {
        element: merged(below(shape, element), before[element], one) if element in before else one
        for element, one in after.items()
    }
    if isinstance(live, dict):
        return {**live, **{element[2:]: one for element, one in both.items()}}
    return [both[element] if element in both else before[element] for element in interleaved(list(before), list(after))]


def interleaved(live: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """All elements: those of `wanted` in its order, and the others of `live` where they stand between those."""
    present, asked = set(live), set(wanted)
    shared = [element for element in wanted if element in present]
    taken, matched = 0, 0
    found: list[str] = []
    for element in live:
        if element not in asked:
            found.append(element)
        elif matched < len(shared) and element == shared[matched]:
            upto = wanted.index(element, taken) + 1
            found += wanted[taken:upto]
            taken, matched = upto, matched + 1
    return found + list(wanted[taken:])


def without(shape: Schema, value: Document, gone: Iterable[Path]) -> Document:
    """The document without the parts at these paths, whatever is in them, and without what is empty after that."""
    cut: Document = _cut(shape, value, encoded(gone))
    return cut


def _cut(shape: Schema, value: JSON, tree: Tree) -> JSON:
    inside = parts(shape, value)
    if not tree or inside is None:
        return value
    kept = {}
    for element, one in inside.items():
        node = tree.get(element)
        if node is None:
            kept[element] = one
        elif not is_member(node) and (left := _cut(below(shape, element), one, node)) not in ({}, []):
            kept[element] = left
    return {element[2:]: one for element, one in kept.items()} if isinstance(value, dict) else list(kept.values())
