"""Events as `kubectl get events` prints them: when and what first, the name last (Kubernetes `printEvent`)."""

from collections.abc import Callable
from typing import TypeAlias

from turnout.resources.document import JSON, Document

Age: TypeAlias = Callable[[JSON], str]

COLUMNS = (
    ("Last Seen", "string", 0, "Time when this event was last observed."),
    ("Type", "string", 0, "Type of this event: Normal or Warning."),
    ("Reason", "string", 0, "Short, machine understandable reason."),
    ("Object", "string", 0, "The object that this event is about."),
    ("Subobject", "string", 1, "The part of the object that this event is about."),
    ("Source", "string", 1, "Who saw it."),
    ("Message", "string", 0, "What happened, for people."),
    ("First Seen", "string", 1, "Time when this event was first observed."),
    ("Count", "integer", 1, "How often this event has occurred."),
    ("Name", "string", 1, "Name must be unique within a namespace."),
)


def event_columns() -> list[Document]:
    """The column definitions. No column is marked as the name: kubectl puts no kind before one."""
    return [
        {"name": name, "type": kind, "format": "", "description": description, "priority": priority}
        for name, kind, priority, description in COLUMNS
    ]


def event_cells(event: Document, age: Age) -> list[JSON]:
    """One row. `age` is the text for a time."""
    about, series = event.get("involvedObject") or {}, event.get("series") or {}
    first = event.get("firstTimestamp") or event.get("eventTime")
    last = series.get("lastObservedTime") or event.get("lastTimestamp") or first
    kind, name = str(about.get("kind") or "").lower(), about.get("name")
    return [
        age(last),
        event.get("type") or "",
        event.get("reason") or "",
        f"{kind}/{name}" if name else kind,
        about.get("fieldPath") or "",
        _source(event),
        str(event.get("message") or "").strip(),
        age(first),
        series.get("count") or event.get("count") or 1,
        event["metadata"]["name"],
    ]


def _source(event: Document) -> str:
    source = event.get("source") or {}
    seen_by = [source.get("component") or event.get("reportingComponent")]
    seen_by.append(source.get("host") or event.get("reportingInstance"))
    return ", ".join(str(each) for each in seen_by if each)
