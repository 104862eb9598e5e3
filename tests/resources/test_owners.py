"""Owners and finalizers."""

from typing import Any

import pytest

from tests.support.admission import KIND, document
from turnout.resources.admit import admit

OWNER = {"apiVersion": "v1", "kind": "ConfigMap", "name": "a", "uid": "1"}


def faults(**metadata: Any) -> list[str]:
    whole = document("Namespace")
    whole["metadata"] |= metadata
    return [str(fault) for fault in admit(KIND["Namespace"], whole).faults]


def test_owners_named_in_full_are_right() -> None:
    assert faults(ownerReferences=[OWNER, {**OWNER, "uid": "2", "controller": True}], finalizers=["x.dev/y", "z"]) == []


@pytest.mark.parametrize("field", OWNER)
def test_an_owner_that_is_not_named_in_full_is_refused(field: str) -> None:
    (said,) = faults(ownerReferences=[{**OWNER, field: ""}])

    assert said.startswith(f'metadata.ownerReferences.{field}: Invalid value: "": ')
    assert said.endswith("must not be empty")


def test_two_controllers_are_refused() -> None:
    (said,) = faults(ownerReferences=[{**OWNER, "controller": True}, {**OWNER, "name": "b", "controller": True}])

    assert 'Only one reference can have Controller set to true. Found "true" in references for a and b' in said


@pytest.mark.parametrize("name", ["", "a b", "/a", "x.dev/"])
def test_a_finalizer_that_is_no_name_is_refused(name: str) -> None:
    assert all(said.startswith("metadata.finalizers: Invalid value: ") for said in faults(finalizers=[name]))
    assert faults(finalizers=[name])
