"""What is served, in the words of each discovery document."""

from typing import Any

import pytest

from turnout.apiserver import discovery
from turnout.apiserver.reviews import REVIEWS
from turnout.resources.kinds import KINDS


def plain() -> set[tuple[str, str, str, bool, tuple[str, ...], bool]]:
    """Every kind as the plain documents tell it."""
    found = set()
    served = {"": ["v1"]} | {
        group["name"]: [each["version"] for each in group["versions"]] for group in discovery.group_list()["groups"]
    }
    for group, versions in served.items():
        for version in versions:
            document = discovery.resource_list(group, version)
            assert document is not None
            names = {each["name"] for each in document["resources"]}
            for each in document["resources"]:
                if "/" not in each["name"]:
                    short = tuple(each.get("shortNames", ()))
                    status = f"{each['name']}/status" in names
                    found.add((group, version, each["name"], each["namespaced"], short, status))
    return found


def aggregated() -> set[tuple[str, str, str, bool, tuple[str, ...], bool]]:
    """Every kind as the aggregated documents tell it."""
    found = set()
    items: list[Any] = discovery.aggregated(core=True)["items"] + discovery.aggregated(core=False)["items"]
    for item in items:
        for version in item["versions"]:
            for each in version["resources"]:
                scope, short = each["scope"] == "Namespaced", tuple(each.get("shortNames", ()))
                group = item["metadata"].get("name", "")
                found.add((group, version["version"], each["resource"], scope, short, "subresources" in each))
    return found


def test_both_forms_tell_every_kind_in_every_version() -> None:
    expected = {
        (kind.group, version, kind.plural, kind.namespaced, kind.short_names, kind.has_status)
        for kind in KINDS
        for version in kind.versions
    } | {(review.group, review.version, review.plural, False, (), False) for review in REVIEWS}

    assert plain() == expected
    assert aggregated() == expected


def test_the_stored_version_is_preferred() -> None:
    for kind in KINDS:
        if kind.group:
            group = discovery.group_document(kind.group)
            assert group is not None
            assert group["preferredVersion"]["version"] == kind.version


@pytest.mark.parametrize(("group", "version"), [("turnout.dev", "v9"), ("none.dev", "v1"), ("", "v2")])
def test_what_is_not_served_has_no_document(group: str, version: str) -> None:
    assert discovery.resource_list(group, version) is None
    assert discovery.group_document("none.dev") is None


def test_reviews_are_listed_and_can_only_be_created() -> None:
    listed = discovery.resource_list("authentication.k8s.io", "v1")
    grouped = next(
        each for each in discovery.aggregated(core=False)["items"] if each["metadata"]["name"] == "authorization.k8s.io"
    )

    assert listed is not None
    assert [(each["kind"], each["verbs"]) for each in listed["resources"]] == [("SelfSubjectReview", ("create",))]
    assert {each["resource"] for each in grouped["versions"][0]["resources"]} == {
        "selfsubjectaccessreviews",
        "selfsubjectrulesreviews",
    }
