"""Media types that are read and written here."""

JSON = "application/json"
YAML = "application/yaml"
JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"

OBJECTS = (JSON, YAML)
PATCHES = (JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH)
APPLY_PATCH = "application/apply-patch+yaml"
"""Server-side apply: known, and not served."""
