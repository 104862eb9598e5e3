"""Event: something that happened to an object (core v1)."""

from msgspec import field

from turnout.resources.document import JSON
from turnout.resources.metadata import Resource
from turnout.resources.words import Part


class InvolvedObject(Part, frozen=True):
    """The object that an event is about (core `ObjectReference`)."""

    api_version: str | None = None
    kind: str | None = None
    namespace: str | None = None
    name: str | None = None
    uid: str | None = None
    resource_version: str | None = None
    field_path: str | None = None


class EventSource(Part, frozen=True):
    """Who saw it."""

    component: str | None = None
    host: str | None = None


class Event(Resource, frozen=True, kw_only=True):
    """Something that happened. Times are RFC 3339 text."""

    involved_object: InvolvedObject
    reason: str | None = None
    message: str | None = None
    type: str | None = None
    count: int | None = None
    action: str | None = None
    first_timestamp: str | None = None
    last_timestamp: str | None = None
    event_time: str | None = None
    source: EventSource | None = None
    series: dict[str, JSON] = field(default_factory=dict)
    related: InvolvedObject | None = None
    reporting_component: str | None = None
    reporting_instance: str | None = None
