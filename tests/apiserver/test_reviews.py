"""What `kubectl auth` asks."""

from typing import Any

import pytest

from turnout.apiserver.errors import StatusError
from turnout.apiserver.reviews import REVIEWS, Review, answered, find_review


def review(kind: str) -> Review:
    return next(each for each in REVIEWS if each.kind == kind)


def asked(kind: str, **spec: Any) -> dict[str, Any]:
    found = review(kind)
    return {"apiVersion": f"{found.group}/{found.version}", "kind": kind, "spec": spec}


def test_everything_is_allowed() -> None:
    document = asked("SelfSubjectAccessReview", resourceAttributes={"verb": "get"})

    answer = answered(review("SelfSubjectAccessReview"), document)

    assert answer["status"]["allowed"] is True
    assert answer["spec"] == document["spec"]


def test_the_rules_name_everything() -> None:
    status = answered(review("SelfSubjectRulesReview"), asked("SelfSubjectRulesReview"))["status"]

    assert status["resourceRules"][0]["verbs"] == ["*"]
    assert status["nonResourceRules"][0]["nonResourceURLs"] == ["*"]
    assert status["incomplete"] is False


def test_the_user_has_a_name() -> None:
    assert answered(review("SelfSubjectReview"), asked("SelfSubjectReview"))["status"]["userInfo"]["username"]


def test_another_kind_is_refused() -> None:
    with pytest.raises(StatusError, match="does not match the expected kind"):
        answered(review("SelfSubjectReview"), asked("SelfSubjectAccessReview"))


@pytest.mark.parametrize("each", REVIEWS)
def test_a_review_is_found_by_its_path(each: Review) -> None:
    assert find_review(f"/{each.path}") is each
    assert find_review(f"{each.path}/x") is None
