"""Conditions keep what has not changed."""

import pytest

from turnout.translate.conditions import LONGEST, Stamp, entries, met, stamped, unmet

STAMP = Stamp(generation=2, now="2026-02-02T00:00:00Z")
OLD = {"type": "Accepted", "status": "True", "lastTransitionTime": "2025-01-01T00:00:00Z", "reason": "Old"}


def test_the_time_is_kept_while_the_status_is() -> None:
    [condition] = stamped([met("Accepted", "New", "m")], [OLD], STAMP)
    assert (condition["lastTransitionTime"], condition["reason"]) == ("2025-01-01T00:00:00Z", "New")


def test_the_time_changes_with_the_status() -> None:
    [condition] = stamped([unmet("Accepted", "New", "m")], [OLD], STAMP)
    assert condition["lastTransitionTime"] == STAMP.now


def test_the_generation_is_the_object_s() -> None:
    [condition] = stamped([met("Accepted", "New", "m")], [OLD], STAMP)
    assert condition["observedGeneration"] == 2


def test_conditions_of_other_types_are_kept_behind_ours() -> None:
    other = {"type": "example.com/Other", "status": "True"}
    found = stamped([met("Accepted", "New", "m")], [other, OLD], STAMP)
    assert [condition["type"] for condition in found] == ["Accepted", "example.com/Other"]
    assert found[1] is other


def test_partially_invalid_goes_when_it_is_not_found() -> None:
    found = stamped([met("Accepted", "New", "m")], [{"type": "PartiallyInvalid", "status": "True"}], STAMP)
    assert [condition["type"] for condition in found] == ["Accepted"]


def test_a_message_is_cut_to_the_api_s_maximum() -> None:
    [condition] = stamped([met("Accepted", "New", "m" * 40_000)], None, STAMP)
    assert len(condition["message"]) == LONGEST


@pytest.mark.parametrize("garbage", [None, "text", {"a": 1}, [1, "a", None, {"type": ["unhashable"]}, {"type": None}]])
def test_what_has_no_form_of_a_condition_is_passed_over(garbage: object) -> None:
    assert [c["type"] for c in stamped([met("Accepted", "New", "m")], garbage, STAMP)] == ["Accepted"]


def test_entries_are_the_mappings_of_a_list() -> None:
    assert entries([1, {"a": 1}, None]) == [{"a": 1}]
