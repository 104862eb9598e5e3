"""How splits are shared: as they should be, as they are served, and as requests came out."""

from msgspec.structs import replace

from tests.support.watching import watched
from tests.support.worker import table
from turnout.channels import Count
from turnout.runners.controller.shares import Shares
from turnout.table import RoutingTable
from turnout.telemetry.snapshot import Share


def rows(shares: Shares, kind: str) -> dict[str, float]:
    """Shares by pool."""
    found: list[Share] = [each for each in shares.rows() if each.kind == kind]
    assert {(each.route, each.rule) for each in found} <= {("default/r", "0")}
    return {each.pool: each.share for each in found}


def requests(pool: str, number: int, role: str = "") -> Count:
    return Count("default/r", "0", pool, 200, "", number, role)


def wanting(*tables: RoutingTable) -> Shares:
    shares = Shares()
    for one in tables:
        shares.wanted(one)
    return shares


def test_what_is_wanted_is_effective_once_it_is_served() -> None:
    shares = wanting(table({"a": 90, "b": 10}))
    assert rows(shares, "desired") == {"default/a": 0.9, "default/b": 0.1}
    assert rows(shares, "effective") == {}

    shares.served()

    assert rows(shares, "effective") == rows(shares, "desired")


def test_a_new_weight_is_wanted_at_once_and_the_old_one_effective_until_then() -> None:
    shares = wanting(table({"a": 90, "b": 10}))
    shares.served()
    shares.wanted(table({"a": 50, "b": 50}))

    assert rows(shares, "desired") == {"default/a": 0.5, "default/b": 0.5}
    assert rows(shares, "effective") == {"default/a": 0.9, "default/b": 0.1}


def test_what_is_observed_is_how_requests_came_out() -> None:
    shares = wanting(table({"a": 50, "b": 50}))
    shares.count(requests("default/a", 6))
    shares.count(requests("default/b", 2))

    assert rows(shares, "observed") == {"default/a": 0.75, "default/b": 0.25}


def test_what_was_observed_of_a_split_that_changes_is_forgotten() -> None:
    shares = wanting(table({"a": 50, "b": 50}))
    shares.count(requests("default/a", 6))
    shares.wanted(table({"a": 90, "b": 10}))

    assert rows(shares, "observed") == {}


def test_what_was_observed_of_a_split_that_stays_is_kept() -> None:
    split = table({"a": 50, "b": 50})
    shares = wanting(split)
    shares.count(requests("default/a", 6))
    shares.wanted(replace(split, vault={}))

    assert rows(shares, "observed") == {"default/a": 1.0}


def test_a_pool_that_has_a_rule_to_itself_is_no_split_unless_a_rollout_watches() -> None:
    assert wanting(table({"a": 1})).rows() == ()
    [row] = wanting(watched({"stable": 1})).rows()
    assert (row.pool, row.role, row.share) == ("default/stable", "stable", 1.0)


def test_requests_of_no_pool_and_of_other_rules_count_for_nothing() -> None:
    shares = wanting(table({"a": 50, "b": 50}))
    shares.count(requests("", 6))
    shares.count(replace(requests("default/a", 6), rule="1"))

    assert rows(shares, "observed") == {}
