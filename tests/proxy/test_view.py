"""The rule that serves a request, and its place in the split, from table to table."""

from collections import Counter

from tests.support.worker import table
from turnout.proxy.request import Request
from turnout.proxy.view import FOUND, View

ASKED = Request(b"GET", b"/", [], closes=False, http10=False)


def pools(view: View, count: int, dice: float = 0.5) -> Counter[str]:
    plan = view.plan(80, "x", "/", ASKED)
    assert plan is not None
    return Counter(plan.sequence.next(lambda: dice)[0].ref.name for _ in range(count))


def test_a_swap_that_leaves_the_weights_alone_keeps_the_place() -> None:
    view = View.of(table({"a": 9, "b": 1}), 1)
    taken = pools(view, 7)

    after = View.of(table({"a": 9, "b": 1}), 2, view)

    assert taken + pools(after, 3) == {"a": 9, "b": 1}


def test_a_swap_that_changes_the_weights_begins_anew() -> None:
    view = View.of(table({"a": 9, "b": 1}), 1)
    pools(view, 7)

    assert pools(View.of(table({"a": 1, "b": 1}), 2, view), 2) == {"a": 1, "b": 1}


def test_requests_of_the_old_and_the_new_table_share_one_place() -> None:
    old = View.of(table({"a": 9, "b": 1}), 1)
    pools(old, 1)
    new = View.of(table({"a": 9, "b": 1}, invalid=("b",)), 2, old)

    assert sum((pools(old, 1) + pools(new, 1) for _ in range(5)), pools(new, 9)) == {"a": 17, "b": 2}


def test_a_request_that_no_rule_matches_has_no_plan() -> None:
    view = View.of(table({"a": 1}, path="/in"), 1)

    assert view.plan(80, "x", "/out", ASKED) is None
    assert view.plan(81, "x", "/in", ASKED) is None


def test_the_plan_is_the_same_for_any_path_and_however_many_paths_were_asked_for() -> None:
    view = View.of(table({"a": 1}), 1)
    plan = view.plan(80, "x", "/", ASKED)

    assert {view.plan(80, "x", f"/{number}", ASKED) for number in range(FOUND * 2 + 3)} == {plan}
