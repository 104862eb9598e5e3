"""What a list or a watch asks for: `metav1.ListOptions` in the query, read and checked as Kubernetes checks them."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from turnout.apiserver.errors import bad_request, invalid_options
from turnout.apiserver.options import flag, number
from turnout.apiserver.selectors import Predicate, both, by_fields, by_labels, everything
from turnout.resources.faults import Fault, unsupported
from turnout.resources.kinds import Kind

MAX_TIMEOUT = 3600.0
"""Seconds that a watch may last at most."""
DEFAULT_TIMEOUT = 1800.0
MATCH = "resourceVersionMatch"
EXACT = "Exact"
NOT_OLDER = "NotOlderThan"


class ListOptions(Struct, frozen=True):
    """Options of a list or a watch. `version` is None when none is given; `timeout` is in seconds; 0 is no `limit`.

    `exact` asks for the list as it was at `version`. `initial_events` is None when nothing is said of them.
    """

    selects: Predicate
    watch: bool = False
    version: int | None = None
    exact: bool = False
    timeout: float = DEFAULT_TIMEOUT
    bookmarks: bool = False
    initial_events: bool | None = None
    limit: int = 0
    continues: str = ""

    @property
    def narrowed(self) -> bool:
        """Whether a selector leaves objects out."""
        return self.selects is not everything


def list_options(kind: Kind, query: Mapping[str, str]) -> ListOptions:
    """From the query. Raises a 400 on a value that is not known, a 422 on values that do not go together."""
    selects = both(by_labels(query.get("labelSelector", "")), by_fields(kind, query.get("fieldSelector", "")))
    watch, version, limit = flag(query, "watch"), number(query, "resourceVersion"), number(query, "limit") or 0
    faults = list(_watch_faults(query) if watch else _list_faults(query, version))
    if faults:
        raise invalid_options("ListOptions", faults)
    if version and query.get("continue"):
        raise bad_request("specifying resource version is not allowed when using continue")
    timeout = number(query, "timeoutSeconds")
    match = query.get(MATCH, "")
    return ListOptions(
        selects,
        watch=watch,
        version=version,
        exact=bool(version) and (match == EXACT or (not match and limit > 0)),
        timeout=min(float(timeout), MAX_TIMEOUT) if timeout else DEFAULT_TIMEOUT,
        bookmarks=flag(query, "allowWatchBookmarks"),
        initial_events=flag(query, "sendInitialEvents") if query.get("sendInitialEvents") else None,
        limit=limit,
        continues=query.get("continue", ""),
    )


def _list_faults(query: Mapping[str, str], version: int | None) -> Iterator[Fault]:
    match = query.get(MATCH, "")
    if match:
        if version is None:
            yield _forbidden(MATCH, "resourceVersionMatch is forbidden unless resourceVersion is provided")
        if query.get("continue"):
            yield _forbidden(MATCH, "resourceVersionMatch is forbidden when continue is provided")
        if match not in (EXACT, NOT_OLDER):
            yield unsupported(MATCH, match, [EXACT, NOT_OLDER, ""])
        if match == EXACT and version == 0:
            yield _forbidden(MATCH, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"')
    if query.get("sendInitialEvents"):
        yield _forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list")


def _watch_faults(query: Mapping[str, str]) -> Iterator[Fault]:
    match, initial = query.get(MATCH, ""), query.get("sendInitialEvents", "")
    if initial and match != NOT_OLDER:
        yield _forbidden(MATCH, f"sendInitialEvents requires setting resourceVersionMatch to {NOT_OLDER}")
    if match:
        if not initial:
            yield _forbidden(MATCH, "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided")
        if match != NOT_OLDER:
            yield unsupported(MATCH, match, [NOT_OLDER])
        if query.get("continue"):
            yield _forbidden(MATCH, "resourceVersionMatch is forbidden when continue is provided")


def _forbidden(field: str, why: str) -> Fault:
    return Fault(field, "FieldValueForbidden", None, why)
