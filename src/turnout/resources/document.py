"""A resource as JSON: what the API stores and what users write."""

from typing import Any, TypeAlias

# Any, because nested JSON is only narrowed by looking at it; typed code starts at `decode`.
JSON: TypeAlias = Any
Document: TypeAlias = dict[str, JSON]
