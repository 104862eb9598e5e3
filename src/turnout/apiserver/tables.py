"""`meta.k8s.io/v1` Tables: what `kubectl get` prints."""

from collections.abc import Iterable
from datetime import UTC, datetime

from turnout.apiserver.durations import human
from turnout.apiserver.event_rows import event_cells, event_columns
from turnout.apiserver.jsonpath import find
from turnout.resources.document import JSON, Document
from turnout.resources.kinds import Column, Kind

NAME: Document = {
    "name": "Name",
    "type": "string",
    "format": "name",
    "description": "Name must be unique within a namespace.",
    "priority": 0,
}


def columns(kind: Kind) -> list[Document]:
    """The column definitions of a kind: its name first, but for Events."""
    if _is_event(kind):
        return event_columns()
    return [NAME, *(_definition(column) for column in kind.columns)]


def _is_event(kind: Kind) -> bool:
    return (kind.group, kind.kind) == ("", "Event")


def _definition(column: Column) -> Document:
    # A date is sent as the text that kubectl prints.
    shown = {"date": "string", "count": "integer"}.get(column.type, column.type)
    return {
        "name": column.name,
        "type": shown,
        "format": "",
        "description": column.description or column.json_path,
        "priority": column.priority,
    }


def cells(kind: Kind, document: Document, now: datetime) -> list[JSON]:
    """One row: a cell for each of `columns`."""
    if _is_event(kind):
        return event_cells(document, lambda time: _age(time, now))
    return [document["metadata"]["name"], *(_cell(column, document, now) for column in kind.columns)]


def _cell(column: Column, document: Document, now: datetime) -> JSON:
    if column.type == "count":
        return sum(len(entries) for path in column.json_path.split() for entries in find(document, path))
    found = find(document, column.json_path)
    if column.type == "date":
        return _age(found[0] if found else None, now)
    if not found:
        return None
    value = found[0] if len(found) == 1 else ",".join(_text(each) for each in found)
    if column.type == "string" and not isinstance(value, str):
        return _text(value)
    return value


def _text(value: JSON) -> str:
    if isinstance(value, list):
        return "[" + ",".join(f'"{each}"' if isinstance(each, str) else str(each) for each in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def _age(value: JSON, now: datetime) -> str:
    if not isinstance(value, str) or not value:
        return "<unknown>"
    try:
        then = datetime.fromisoformat(value)
    except ValueError:
        return "<invalid>"
    if then.tzinfo is None:
        then = then.replace(tzinfo=UTC)
    return human((now - then).total_seconds())


def table(definitions: Iterable[Document], rows: list[Document], version: str) -> Document:
    """A Table at one resourceVersion."""
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {"resourceVersion": version},
        "columnDefinitions": list(definitions),
        "rows": rows,
    }
