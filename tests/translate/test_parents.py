"""`status.parents` is shared: everybody writes his own entries."""

from typing import Any

from turnout.translate.conditions import Stamp, met
from turnout.translate.parents import PARENTS, Parent, with_parents

STAMP = Stamp(generation=1, now="2026-02-02T00:00:00Z")
OURS = "turnout.dev/gateway"


def parent(name: str) -> Parent:
    return Parent({"name": name}, (met("Accepted", "Accepted", "m"),))


def entry(name: str, controller: str = OURS) -> dict[str, Any]:
    return {"parentRef": {"name": name}, "controllerName": controller, "conditions": []}


def names(status: dict[str, Any] | None) -> list[str]:
    assert status is not None
    return [one["parentRef"]["name"] for one in status["parents"]]


def test_nothing_to_say_and_nothing_to_take_back_is_no_status() -> None:
    assert with_parents({"parents": [entry("a", "other")]}, [], OURS, STAMP) is None


def test_our_entry_goes_with_its_parent() -> None:
    assert names(with_parents({"parents": [entry("a"), entry("b", "other")]}, [], OURS, STAMP)) == ["b"]


def test_an_entry_keeps_its_place_so_that_controllers_do_not_fight() -> None:
    existing = {"parents": [entry("b"), entry("x", "other"), entry("a"), {"parentRef": {"name": "unowned"}}]}
    status = with_parents(existing, [parent("a"), parent("b"), parent("c")], OURS, STAMP)
    assert names(status) == ["b", "x", "a", "unowned", "c"]


def test_the_same_parent_of_another_controller_is_another_entry() -> None:
    status = with_parents({"parents": [entry("a", "other")]}, [parent("a")], OURS, STAMP)
    assert status is not None
    assert [one["controllerName"] for one in status["parents"]] == ["other", OURS]


def test_an_entry_of_ours_that_is_there_twice_becomes_one() -> None:
    assert names(with_parents({"parents": [entry("a"), entry("a")]}, [parent("a")], OURS, STAMP)) == ["a"]


def test_others_are_never_crowded_out() -> None:
    existing = {"parents": [entry(f"x{n}", "other") for n in range(30)]}
    status = with_parents(existing, [parent(f"p{n}") for n in range(5)], OURS, STAMP)
    assert names(status) == [*(f"x{n}" for n in range(30)), "p0", "p1"]
    assert len(names(status)) == PARENTS.limit


def test_other_fields_of_the_status_stay() -> None:
    status = with_parents({"else": 1}, [parent("a")], OURS, STAMP)
    assert status is not None
    assert status["else"] == 1
