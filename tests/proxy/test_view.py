"""The rule that serves a request, and its place in the split, from table to table."""

from collections import Counter

from msgspec.structs import replace

from tests.support.worker import table
from turnout.proxy.request import Request
from turnout.proxy.view import FOUND, LONG, View
from turnout.table import Match, Parameters, PathMatch, RoutingTable, Watch

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


def more(of: RoutingTable, **changes: object) -> RoutingTable:
    """The table with the route a second time, under another name and salt."""
    route = of.routes["default/r"]
    rule = replace(route.rules[0], split=replace(route.rules[0].split, salt="other/0", **changes))
    other = replace(route, ref=replace(route.ref, name="other"), rules=(rule,))
    return replace(of, routes={**of.routes, "default/other": other})


def test_a_change_of_another_route_leaves_the_place_and_the_watch_of_a_route_alone() -> None:
    watch = Watch("default/o", "uid", 1, ())
    first = more(table({"a": 9, "b": 1}), watch=watch)
    view = View.of(first, 1)
    taken = pools(view, 7)
    after = View.of(replace(first, routes={**first.routes, "default/new": first.routes["default/other"]}), 2, view)
    assert taken + pools(after, 3) == {"a": 9, "b": 1}
    assert set(view.watching) == {"default/other"}
    assert set(after.watching) == {"default/other", "default/new"}


def test_a_route_that_is_watched_no_longer_or_gone_is_not_among_the_watched() -> None:
    first = more(table({"a": 1}), watch=Watch("default/o", "uid", 1, ()))
    view = View.of(first, 1)
    assert View.of(more(table({"a": 1})), 2, view).watching == {}
    assert View.of(table({"a": 1}), 2, view).watching == {}


def test_a_place_goes_with_its_route() -> None:
    view = View.of(table({"a": 9, "b": 1}), 1)
    pools(view, 7)
    without = View.of(RoutingTable(), 2, view)
    assert without.sequences == {}
    assert pools(View.of(table({"a": 9, "b": 1}), 3, without), 10, dice=0.0) == {"a": 9, "b": 1}


def test_a_request_that_no_rule_matches_has_no_plan() -> None:
    view = View.of(table({"a": 1}, path="/in"), 1)

    assert view.plan(80, "x", "/out", ASKED) is None
    assert view.plan(81, "x", "/in", ASKED) is None


def test_the_plan_is_the_same_for_any_path_and_however_many_paths_were_asked_for() -> None:
    view = View.of(table({"a": 1}), 1)
    plan = view.plan(80, "x", "/", ASKED)

    assert {view.plan(80, "x", f"/{number}", ASKED) for number in range(FOUND * 2 + 3)} == {plan}


def guarded_table() -> RoutingTable:
    """A rule for POST and a rule for everything."""
    made = table({"a": 1})
    route = made.routes["default/r"]
    (rule,) = route.rules
    post = replace(rule, name="post", index=1, matches=(Match(PathMatch("PathPrefix", "/"), method="POST"),))
    return replace(made, routes={"default/r": replace(route, rules=(rule, post))})


def test_a_plan_is_not_remembered_by_path_where_more_of_the_request_counts() -> None:
    view = View.of(guarded_table(), 1)
    posted = Request(b"POST", b"/", [], closes=False, http10=False)

    for _ in range(2):
        found = [view.plan(80, "x", "/", asked) for asked in (ASKED, posted)]
        assert [each.rule if each is not None else "" for each in found] == ["0", "post"]


def test_a_path_for_managing_servers_has_a_plan_of_its_own() -> None:
    view = View.of(table({"a": 1}), 1)

    plain, forbidden = view.plan(80, "x", "/v1", ASKED), view.plan(80, "x", "/sleep", ASKED)

    assert plain is not None
    assert forbidden is not None
    assert (plain.plain, forbidden.plain) == (True, False)
    assert forbidden.forbids("/sleep")
    assert plain.sequence is forbidden.sequence


def test_a_long_path_is_served_and_not_remembered() -> None:
    view = View.of(table({"a": 1}), 1)

    for _ in range(2):
        assert view.plan(80, "x", "/" + "x" * LONG, ASKED) is not None
    assert not view._found


def test_the_first_gateway_that_says_how_long_connections_to_a_port_idle_counts() -> None:
    (listener,) = table({}).listeners
    made = RoutingTable(
        (
            listener,
            replace(listener, name="b", parameters=Parameters(idle=5.0)),
            replace(listener, name="c", parameters=Parameters(idle=7.0)),
            replace(listener, name="d", served_port=81, parameters=Parameters(idle=0.0)),
        )
    )

    assert View.of(made, 1).idle == {80: 5.0, 81: 0.0}
