"""`/openapi/v2`: the schemas of everything in one document, for `kubectl explain --output=plaintext-openapiv2`."""

from functools import cache

import msgspec

from turnout.apiserver import openapi_paths
from turnout.apiserver.discovery import groups, kinds_of
from turnout.apiserver.protobuf import openapi_v2
from turnout.resources.document import JSON, Document
from turnout.resources.openapi import REFERENCE, group_version_kind

PROTOBUF = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
ASKED = (PROTOBUF, PROTOBUF.replace("v2.v1", "v2@v1"))
"""kubectl asks with an @, which no media type may have; the answer is without."""
DEFINITIONS = "#/definitions/"
PATCH_OPTIONS = ("dryRun", "fieldManager", "fieldValidation", "force")


@cache
def as_json() -> bytes:
    """The document as JSON."""
    return msgspec.json.encode(_document())


@cache
def as_protobuf() -> bytes:
    """The document as gnostic's protobuf."""
    return openapi_v2.document(_document())


def _document() -> Document:
    definitions: Document = {}
    paths: Document = {}
    for group, version in [("", "v1"), *((group, each) for group, versions in groups().items() for each in versions)]:
        root = f"apis/{group}/{version}" if group else f"api/{version}"
        schemas = msgspec.json.decode(openapi_paths.document(root) or b"{}")["components"]["schemas"]
        definitions.update({name: _moved(schema) for name, schema in schemas.items()})
        for kind in kinds_of(group, version):
            scope = "/namespaces/{namespace}" if kind.namespaced else ""
            named = group_version_kind(kind, version, kind.kind)
            parameters = [{"name": name, "in": "query", "type": "string"} for name in PATCH_OPTIONS]
            patch = {"parameters": parameters, "x-kubernetes-group-version-kind": named, "responses": {}}
            paths[f"/{root}{scope}/{kind.plural}/{{name}}"] = {"patch": patch}
    info = {"title": "Turnout", "version": "v1"}
    return {"swagger": "2.0", "info": info, "paths": paths, "definitions": definitions}


def _moved(node: JSON) -> JSON:
    """A schema with its references to where v2 keeps schemas, and bare: its readers know no `allOf` around one."""
    if isinstance(node, dict) and len(node.get("allOf", ())) == 1:
        return _moved(node["allOf"][0])
    if isinstance(node, dict):
        return {key: _moved(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_moved(value) for value in node]
    if isinstance(node, str) and node.startswith(REFERENCE):
        return DEFINITIONS + node.removeprefix(REFERENCE)
    return node


def wants_protobuf(accept: str) -> bool:
    """Whether a client takes the protobuf: nobody names it who would rather have JSON."""
    return any(part.partition(";")[0].strip() in ASKED for part in accept.split(","))
