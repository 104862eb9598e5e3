"""OpenAPI v3 of what is served. kubectl reads two things in it: the schemas, and which writes can be checked strictly.

Without `fieldValidation` and `dryRun` on each kind's writes kubectl falls back to OpenAPI v2, which it takes as
protobuf only.
"""

import hashlib
from functools import cache

import msgspec

from turnout.apiserver import media
from turnout.apiserver.discovery import groups, kinds_of, reviews_of
from turnout.apiserver.reviews import Review
from turnout.resources.document import Document
from turnout.resources.kinds import Kind
from turnout.resources.openapi import REFERENCE, group_version_kind, openapi_v3, schema_name

LIST = ("labelSelector", "fieldSelector", "resourceVersion", "limit", "continue")
WATCH = ("watch", "allowWatchBookmarks", "timeoutSeconds")
WRITE = ("dryRun", "fieldValidation", "fieldManager")
DELETE = ("dryRun",)
TYPES = {
    "limit": "integer",
    "timeoutSeconds": "integer",
    "watch": "boolean",
    "force": "boolean",
    "allowWatchBookmarks": "boolean",
}


def root() -> Document:
    """`/openapi/v3`: where each group and version has its document, with a hash to cache it by."""
    served = [("", "v1"), *((group, version) for group, versions in groups().items() for version in versions)]
    return {"paths": {_place(*each): {"serverRelativeURL": _address(*each)} for each in served}}


@cache
def document(place: str) -> bytes | None:
    """`/openapi/v3/PLACE` as JSON, such as `api/v1` or `apis/GROUP/VERSION`; None when it is not served."""
    parts = place.split("/")
    group, version = ("", parts[-1]) if parts[0] == "api" else ("/".join(parts[1:-1]), parts[-1])
    kinds, reviews = kinds_of(group, version), reviews_of(group, version)
    if not (kinds or reviews) or place != _place(group, version):
        return None
    whole = openapi_v3(group, version)
    for kind in kinds:
        whole["paths"].update(_paths(kind, version))
    for review in reviews:
        name = f"{'.'.join(reversed(group.split('.')))}.{version}.{review.kind}"
        whole["components"]["schemas"][name] = _review_schema(review)
        whole["paths"][f"/{review.path}"] = {"post": _asked(review, name)}
    return msgspec.json.encode(whole)


@cache
def digest(place: str) -> str:
    """A hash of the document, in hexadecimal."""
    return hashlib.sha256(document(place) or b"").hexdigest()[:32].upper()


def _place(group: str, version: str) -> str:
    return f"apis/{group}/{version}" if group else f"api/{version}"


def _address(group: str, version: str) -> str:
    place = _place(group, version)
    return f"/openapi/v3/{place}?hash={digest(place)}"


def _paths(kind: Kind, version: str) -> Document:
    root_path = f"/{_place(kind.group, version)}"
    scope = "/namespaces/{namespace}" if kind.namespaced else ""
    collection = f"{root_path}{scope}/{kind.plural}"
    listed = _operation(kind, version, "list", f"{kind.kind}List", (*LIST, *WATCH))
    paths: Document = {
        collection: {
            "get": listed,
            "post": _operation(kind, version, "post", kind.kind, WRITE, (media.JSON,)),
            "delete": _operation(kind, version, "deletecollection", "", (*LIST, *DELETE)),
            "parameters": _placeholders(scope),
        },
        f"{collection}/{{name}}": {
            "get": _operation(kind, version, "get", kind.kind, ()),
            **_writes(kind, version),
            "delete": _operation(kind, version, "delete", "", DELETE),
            "parameters": _placeholders(scope, "name"),
        },
    }
    if kind.namespaced:
        paths[f"{root_path}/{kind.plural}"] = {"get": listed}
    if kind.has_status:
        paths[f"{collection}/{{name}}/status"] = {
            "get": _operation(kind, version, "get", kind.kind, ()),
            **_writes(kind, version),
            "parameters": _placeholders(scope, "name"),
        }
    return paths


def _review_schema(review: Review) -> Document:
    free: Document = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    texts = {name: {"type": "string"} for name in ("apiVersion", "kind")}
    return {
        "type": "object",
        "description": "A question about what the one who asks may do. It is answered and not stored.",
        "properties": {**texts, **dict.fromkeys(("metadata", "spec", "status"), free)},
        "x-kubernetes-group-version-kind": [_named(review)],
    }


def _asked(review: Review, schema: str) -> Document:
    body: Document = {"content": {media.JSON: {"schema": {"$ref": f"{REFERENCE}{schema}"}}}}
    return {
        "x-kubernetes-action": "post",
        "x-kubernetes-group-version-kind": _named(review),
        "parameters": [_parameter(name, "query", "string") for name in WRITE],
        "requestBody": {"required": True, **body},
        "responses": {"201": {"description": "Created", **body}},
    }


def _named(review: Review) -> Document:
    return {"group": review.group, "version": review.version, "kind": review.kind}


def _writes(kind: Kind, version: str) -> Document:
    patch = _operation(kind, version, "patch", kind.kind, (*WRITE, "force"), media.patches_of(kind))
    return {
        "put": _operation(kind, version, "put", kind.kind, WRITE, (media.JSON,)),
        "patch": patch,
    }


def _operation(
    kind: Kind, version: str, action: str, answer: str, parameters: tuple[str, ...], bodies: tuple[str, ...] = ()
) -> Document:
    named: Document = {"$ref": f"{REFERENCE}{schema_name(kind, version)}"}
    answered = {"$ref": f"{named['$ref']}List"} if answer.endswith("List") else named
    operation: Document = {
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": group_version_kind(kind, version, kind.kind),
        "parameters": [_parameter(name, "query", TYPES.get(name, "string")) for name in parameters],
        "responses": {"200": {"description": "OK", "content": {media.JSON: {"schema": answered if answer else {}}}}},
    }
    if bodies:
        body: Document = {"type": "object"} if action == "patch" else named
        operation["requestBody"] = {"required": True, "content": {each: {"schema": body} for each in bodies}}
    return operation


def _placeholders(scope: str, *names: str) -> list[Document]:
    return [_parameter(each, "path", "string") for each in (("namespace", *names) if scope else names)]


def _parameter(name: str, place: str, kind: str) -> Document:
    parameter: Document = {"name": name, "in": place, "schema": {"type": kind}}
    return {**parameter, "required": True} if place == "path" else parameter
