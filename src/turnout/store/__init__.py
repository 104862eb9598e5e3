"""Watchable objects: the one `Provider` protocol, which a cluster, the embedded API and memory all keep."""

from turnout.resources.document import Document
from turnout.store.errors import ApiError, UnreachableError
from turnout.store.provider import (
    ApiResource,
    Bookmark,
    Changed,
    Deleted,
    Listing,
    Provider,
    WatchEvent,
    key_of,
    revision_of,
    served_as,
)

__all__ = [
    "ApiError",
    "ApiResource",
    "Bookmark",
    "Changed",
    "Deleted",
    "Document",
    "Listing",
    "Provider",
    "UnreachableError",
    "WatchEvent",
    "key_of",
    "revision_of",
    "served_as",
]
