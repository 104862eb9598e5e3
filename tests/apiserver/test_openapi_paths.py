"""OpenAPI v3 as kubectl reads it."""

import json
from typing import Any

import pytest

from turnout.apiserver import openapi_paths
from turnout.apiserver.reviews import REVIEWS
from turnout.resources.kinds import KINDS, Kind

SERVED = [(kind, version) for kind in KINDS for version in kind.versions]


def document(kind: Kind, version: str) -> Any:
    place = f"apis/{kind.group}/{version}" if kind.group else f"api/{version}"
    encoded = openapi_paths.document(place)
    assert encoded is not None
    return json.loads(encoded)


@pytest.mark.parametrize(("kind", "version"), SERVED, ids=lambda each: each if isinstance(each, str) else each.kind)
def test_every_write_of_every_kind_declares_what_kubectl_looks_for(kind: Kind, version: str) -> None:
    found = set()
    for path in document(kind, version)["paths"].values():
        for method, operation in path.items():
            if method == "parameters" or operation["x-kubernetes-group-version-kind"]["kind"] != kind.kind:
                continue
            names = {parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "query"}
            if method in ("post", "put", "patch"):
                assert {"fieldValidation", "dryRun"} <= names
                found.add((method, operation["x-kubernetes-action"]))
    assert found == {("post", "post"), ("put", "put"), ("patch", "patch")}


@pytest.mark.parametrize(("kind", "version"), SERVED, ids=lambda each: each if isinstance(each, str) else each.kind)
def test_every_reference_leads_somewhere(kind: Kind, version: str) -> None:
    whole = document(kind, version)
    schemas = whole["components"]["schemas"]

    def references(value: Any) -> Any:
        if isinstance(value, dict):
            if "$ref" in value:
                yield value["$ref"]
            for inner in value.values():
                yield from references(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from references(inner)

    found = set(references(whole))
    assert found
    assert {reference.removeprefix("#/components/schemas/") for reference in found} <= schemas.keys()


def test_the_root_leads_to_every_document_and_hashes_it() -> None:
    paths = openapi_paths.root()["paths"]

    kinds = {f"apis/{kind.group}/{v}" if kind.group else f"api/{v}" for kind, v in SERVED}
    assert paths.keys() == kinds | {f"apis/{review.group}/{review.version}" for review in REVIEWS}
    for place, entry in paths.items():
        assert entry["serverRelativeURL"].startswith(f"/openapi/v3/{place}?hash=")
    assert len({entry["serverRelativeURL"].partition("=")[2] for entry in paths.values()}) == len(paths)


@pytest.mark.parametrize("place", ["", "api", "api/v2", "apis/turnout.dev", "apis/none/v1", "api/v1/more"])
def test_what_is_not_served_has_no_document(place: str) -> None:
    assert openapi_paths.document(place) is None
