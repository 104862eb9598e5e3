"""Label and field selectors (Kubernetes API conventions): text to a predicate on documents."""

import re
from collections.abc import Callable, Iterator, Mapping

from turnout.apiserver.errors import bad_request
from turnout.resources.document import Document
from turnout.resources.kinds import Kind

Predicate = Callable[[Document], bool]
Requirement = Callable[[Mapping[str, str]], bool]

_KEY = r"[A-Za-z0-9](?:[-A-Za-z0-9_./]*[A-Za-z0-9])?"
_VALUE = r"[-A-Za-z0-9_.]*"
_IN = re.compile(rf"({_KEY})\s+(in|notin)\s*\(([^()]*)\)")
_EQUALS = re.compile(rf"({_KEY})\s*(==|=|!=)\s*({_VALUE})")
_CUT = re.compile(r"[,()]")
_EXISTS = re.compile(rf"(!?)\s*({_KEY})")

EVENT_FIELDS = frozenset(
    {"reason", "type", "source", "reportingComponent"}
    | {f"involvedObject.{field}" for field in ("kind", "namespace", "name", "uid", "apiVersion", "fieldPath")}
    | {"involvedObject.resourceVersion"}
)


def everything(_: Document) -> bool:
    """Selects every document."""
    return True


def by_labels(text: str) -> Predicate:
    """`a=b,c!=d,e in (f,g),h notin (i),j,!k`. Raises a 400 on anything else."""
    requirements = [_requirement(part.strip()) for part in _parts(text) if part.strip()]
    if not requirements:
        return everything

    def selects(document: Document) -> bool:
        labels = document["metadata"].get("labels") or {}
        return all(holds(labels) for holds in requirements)

    return selects


def _parts(text: str) -> Iterator[str]:
    """The text cut at the commas that are not in parentheses, in one pass over it."""
    begin, inside = 0, False
    for match in _CUT.finditer(text):
        if match[0] == ",":
            if not inside:
                yield text[begin : match.start()]
                begin = match.end()
        else:
            inside = match[0] == "("
    yield text[begin:]


def _requirement(text: str) -> Requirement:
    if match := _IN.fullmatch(text):
        key, values = match[1], frozenset(value.strip() for value in match[3].split(","))
        if match[2] == "in":
            return lambda labels: labels.get(key) in values
        return lambda labels: labels.get(key) not in values
    if match := _EQUALS.fullmatch(text):
        key, value = match[1], match[3]
        if match[2] == "!=":
            return lambda labels: labels.get(key) != value
        return lambda labels: labels.get(key) == value
    if match := _EXISTS.fullmatch(text):
        key, wanted = match[2], not match[1]
        return lambda labels: (key in labels) is wanted
    raise bad_request(f"unable to parse requirement: {text!r} is no label requirement")


def by_fields(kind: Kind, text: str) -> Predicate:
    """`metadata.name=a,metadata.namespace!=b`, and what Events add. Raises a 400 on a field that is not selectable."""
    parts = [_field(kind, part.strip()) for part in text.split(",") if part.strip()]
    if not parts:
        return everything

    def selects(document: Document) -> bool:
        return all((_text(document, path) == value) is equal for path, value, equal in parts)

    return selects


def _field(kind: Kind, text: str) -> tuple[tuple[str, ...], str, bool]:
    match = re.fullmatch(r"([A-Za-z.]+)\s*(==|=|!=)\s*(.*)", text)
    if match is None:
        raise bad_request(f"invalid selector: {text!r}; can't understand {text!r}")
    field = match[1]
    known = field in ("metadata.name", "metadata.namespace")
    known = known or (kind.kind == "Event" and field in EVENT_FIELDS)
    known = known or (kind.kind == "Secret" and field == "type")
    known = known or (kind.kind == "Namespace" and field == "status.phase")
    if not known:
        raise bad_request(f"field label not supported: {field}")
    return tuple(field.split(".")), match[3], match[2] != "!="


def _text(document: Document, path: tuple[str, ...]) -> str:
    value: object = document
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, dict):  # `source` selects by the component
        value = value.get("component")
    return "" if value is None else str(value)


def both(first: Predicate, second: Predicate) -> Predicate:
    """Selects what both select."""
    if first is everything:
        return second
    if second is everything:
        return first
    return lambda document: first(document) and second(document)
