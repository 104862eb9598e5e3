"""Turnout's kinds as CustomResourceDefinitions, for a kube-apiserver to serve the same kinds as `turnout up`."""

from typing import Any

from turnout.resources.kinds import KINDS, Column, Kind
from turnout.resources.openapi import bare
from turnout.resources.schema import schema_of

Document = dict[str, Any]

LABELS = {"app.kubernetes.io/managed-by": "turnout-kubectl-matrix"}


def definitions() -> list[Document]:
    """The CustomResourceDefinition of every kind but the core ones."""
    return [definition(kind) for kind in KINDS if kind.group]


def definition(kind: Kind) -> Document:
    """One kind: its names, schema, printed columns and status, with the stored version first."""
    metadata: Document = {"name": f"{kind.plural}.{kind.group}", "labels": LABELS}
    if kind.group.endswith((".k8s.io", ".kubernetes.io")):
        # Kubernetes keeps these groups for definitions that say where they were approved.
        metadata["annotations"] = {"api-approved.kubernetes.io": "unapproved, of a test"}
    names = {
        "kind": kind.kind,
        "listKind": f"{kind.kind}List",
        "plural": kind.plural,
        "singular": kind.singular,
        "shortNames": list(kind.short_names),
        "categories": list(kind.categories),
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": metadata,
        "spec": {
            "group": kind.group,
            "scope": "Namespaced" if kind.namespaced else "Cluster",
            "names": names,
            "versions": [_version(kind, version) for version in kind.versions],
        },
    }


def _version(kind: Kind, version: str) -> Document:
    schema = bare(schema_of(kind))
    # A definition may restrict the name in metadata, and nothing else of it.
    schema["properties"] = {**schema["properties"], "metadata": {"type": "object"}}
    return {
        "name": version,
        "served": True,
        "storage": version == kind.version,
        "schema": {"openAPIV3Schema": schema},
        "subresources": {"status": {}} if kind.has_status else {},
        "additionalPrinterColumns": [_column(column) for column in kind.columns],
    }


def _column(column: Column) -> Document:
    return {
        "name": column.name,
        "type": column.type,
        "jsonPath": column.json_path,
        "priority": column.priority,
        "description": column.description,
    }
