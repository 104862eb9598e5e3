"""Objects in words, as `kubectl describe` has them: every field, and what happened. Of Secrets only sizes are shown."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from turnout.apiserver.durations import human
from turnout.cli.jsontext import unpointed
from turnout.cli.tabs import tabbed
from turnout.resources.contents import decoded
from turnout.resources.document import JSON, Document

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
LONGEST = 140
HIDDEN = frozenset(
    ("metadata", name) for name in ("name", "namespace", "labels", "annotations", "managedFields", "selfLink")
)
ACRONYMS = frozenset(("API", "URL", "UID", "OSB", "GUID"))
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def described(document: Document, events: Sequence[Document], now: datetime) -> list[str]:
    """The lines: names first, then every field by its name, then the events."""
    kind = (document.get("apiVersion"), document.get("kind"))
    if kind == ("v1", "Secret"):
        return tabbed([*_names(document), *_secret(document)])
    if kind == ("v1", "ConfigMap"):
        return tabbed([*_names(document), *_config_map(document), *_happened(events, now)])
    if kind == ("v1", "Namespace"):
        return tabbed([*_names(document), f"Status:\t{document.get('status', {}).get('phase', '')}"])
    return tabbed([*_names(document), *_fields(document, "", ()), *_happened(events, now)])


def _names(document: Document) -> Iterator[str]:
    metadata = document["metadata"]
    yield f"Name:\t{metadata['name']}"
    if document.get("kind") != "Namespace":
        yield f"Namespace:\t{metadata.get('namespace', '')}"
    labels = [f"{key}={value}" for key, value in sorted((metadata.get("labels") or {}).items())]
    yield from _below_each_other("Labels", labels)
    yield from _below_each_other("Annotations", list(_annotations(metadata.get("annotations") or {})))


def _annotations(annotations: Document) -> Iterator[str]:
    for key, value in sorted(annotations.items()):
        if key == LAST_APPLIED:
            continue
        text = str(value).removesuffix("\n")
        if len(text) + len(key) + 2 < LONGEST and "\n" not in text:
            yield f"{key}: {text}"
        else:
            yield f"{key}:"
            yield from (f"  {_shortened(line)}" for line in text.split("\n"))


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST - 2 else text[: LONGEST - 2] + "..."


def _below_each_other(title: str, values: Sequence[str]) -> Iterator[str]:
    first, *rest = values or ("<none>",)
    yield f"{title}:\t{first}"
    yield from (f"\t{each}" for each in rest)


def _fields(values: Document, indent: str, path: tuple[str, ...]) -> Iterator[str]:
    for field, value in sorted(values.items()):
        if (*path, field) in HIDDEN:
            continue
        if isinstance(value, dict):
            yield f"{indent}{label(field)}:"
            yield from _fields(value, indent + "  ", (*path, field))
        elif isinstance(value, list):
            yield f"{indent}{label(field)}:"
            for each in value:
                if isinstance(each, dict):
                    yield from _fields(each, indent + "  ", (*path, field))
                else:
                    yield f"{indent}  {_scalar(each)}"
        else:
            yield f"{indent}{label(field)}:\t{_scalar(value)}"


def label(field: str) -> str:
    """`parentRefs` as `Parent Refs`, `apiVersion` as `API Version`; what is no word stays as it is."""
    if not all(letter.isalpha() or letter == "-" for letter in field):
        return field
    words = WORD.findall(field)
    return " ".join(word.upper() if word.upper() in ACRONYMS else word[:1].upper() + word[1:] for word in words)


def _scalar(value: JSON) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "<nil>" if value is None else str(unpointed(value))


def _secret(document: Document) -> Iterator[str]:
    yield from ("", f"Type:\t{document.get('type', '')}", "", "Data", "====")
    for key, value in sorted((document.get("data") or {}).items()):
        yield f"{key}:\t{len(decoded(str(value)) or b'')} bytes"


def _config_map(document: Document) -> Iterator[str]:
    yield from ("", "Data", "====")
    for key, value in sorted((document.get("data") or {}).items()):
        yield from (f"{key}:", "----", *str(value).split("\n"), "")
    yield from ("", "BinaryData", "====")
    for key, value in sorted((document.get("binaryData") or {}).items()):
        yield f"{key}: {len(decoded(str(value)) or b'')} bytes"
    yield ""


def _happened(events: Iterable[Document], now: datetime) -> Iterator[str]:
    rows = sorted(events, key=lambda event: str(event.get("lastTimestamp") or event.get("eventTime") or ""))
    if not rows:
        yield "Events:\t<none>"
        return
    yield "Events:"
    yield "  Type\tReason\tAge\tFrom\tMessage"
    yield "  ----\t------\t----\t----\t-------"
    for event in rows:
        source = (event.get("source") or {}).get("component") or event.get("reportingComponent") or ""
        cells = (event.get("type", ""), event.get("reason", ""), _seen(event, now), source)
        yield "  " + "\t".join(map(str, (*cells, str(event.get("message", "")).strip())))


def _seen(event: Document, now: datetime) -> str:
    last = _age(event.get("lastTimestamp") or event.get("eventTime"), now)
    count = event.get("count") or 1
    return f"{last} (x{count} over {_age(event.get('firstTimestamp'), now)})" if count > 1 else last


def _age(text: JSON, now: datetime) -> str:
    if not isinstance(text, str) or not text:
        return "<unknown>"
    try:
        then = datetime.fromisoformat(text)
    except ValueError:
        return "<invalid>"
    return human((now - (then if then.tzinfo else then.replace(tzinfo=UTC))).total_seconds())
