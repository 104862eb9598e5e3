"""Media types that are read and written here."""

from turnout.resources.kinds import Kind

JSON = "application/json"
YAML = "application/yaml"
PROTOBUF = "application/vnd.kubernetes.protobuf"
JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
"""Server-side apply; JSON is YAML too."""

OBJECTS = (JSON, YAML, PROTOBUF)
PATCHES = (JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH)


def patches_of(kind: Kind) -> tuple[str, ...]:
    """The media types that an object of `kind` can be patched with."""
    strategic = (STRATEGIC_PATCH,) if kind.strategic else ()
    return (JSON_PATCH, MERGE_PATCH, *strategic, APPLY_PATCH)
