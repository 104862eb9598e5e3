"""What holds for every set of resources."""

import random
from fractions import Fraction
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.resource_sets import resource_set, resources, rollout, with_statuses
from tests.support.written_sets import AGES, FACTS, gateways, http_routes, resource_sets
from turnout.resources.set import ResourceSet, gather
from turnout.table import RoutingTable, Rule
from turnout.translate import membership, translate

Document = dict[str, Any]
POOLS = st.sampled_from(["llm", "llm-new", "h2c", "missing"])
OVERLAYS = st.sampled_from(["Active", "Active", "Active", "Suspended", "Released"])


@st.composite
def rollouts(draw: st.DrawFn, name: str, overlays: st.SearchStrategy[Any] = OVERLAYS) -> Document:
    stable, candidate = draw(st.lists(POOLS, min_size=2, max_size=2, unique=True))
    document = rollout(
        name,
        namespace=draw(st.sampled_from(["default", "default", "team"])),
        route=draw(st.sampled_from(["r0", "r0", "r1", "none"])),
        stable={"name": stable},
        candidate={"name": candidate},
    )
    document["metadata"]["creationTimestamp"] = draw(AGES)
    weight = draw(st.integers(0, 100))
    document["status"] = {"overlay": draw(overlays), "weights": {"desired": weight, "effective": weight, "seq": 1}}
    return document


def drawn_rollouts(data: st.DataObject, overlays: st.SearchStrategy[Any] = OVERLAYS) -> list[Document]:
    return [data.draw(rollouts(f"o{n}", overlays)) for n in range(data.draw(st.integers(1, 3)))]


check = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)


def shuffled(of: ResourceSet, order: random.Random) -> ResourceSet:
    found = list(resources(of))
    order.shuffle(found)
    return gather(found)


@given(resource_sets(), st.randoms())
@check
def test_the_order_of_objects_does_not_matter(documents: list[Document], order: random.Random) -> None:
    found = resource_set(documents)
    other = shuffled(found, order)
    assert translate(other, FACTS) == translate(found, FACTS)
    assert list(translate(other, FACTS).table.routes) == list(translate(found, FACTS).table.routes)
    assert membership(other, {}) == membership(found, {})


@given(resource_sets())
@check
def test_statuses_that_are_written_leave_nothing_to_write(documents: list[Document]) -> None:
    first = translate(resource_set(documents), FACTS)
    written = with_statuses(resource_set(documents), first.statuses)
    again = translate(written, msgspec.structs.replace(FACTS, now="2027-07-07T07:07:07Z"))
    assert again.table == first.table
    assert again.statuses == {key: first.statuses[key] for key in again.statuses}


@given(resource_sets())
@check
def test_the_table_keeps_its_own_rules(documents: list[Document]) -> None:
    table = translate(resource_set(documents), FACTS).table
    for route in table.routes.values():
        for rule in route.rules:
            refs = [one.identity for one in rule.split.backends]
            assert refs == sorted(set(refs))
            assert all(one.weight >= 1 for one in rule.split.backends)
            assert all(one.invalid or one.ref.key in table.pools for one in rule.split.backends)
            assert rule.matches
    for listener in table.listeners:
        assert list(listener.routes) == sorted(set(listener.routes))
        assert set(listener.routes) <= table.routes.keys()
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(table), type=RoutingTable) == table


@given(resource_sets(), st.data())
@check
def test_a_route_more_changes_nothing_of_any_other(documents: list[Document], data: st.DataObject) -> None:
    more = data.draw(http_routes("zz"))
    before, after = (translate(resource_set(found), FACTS) for found in (documents, [*documents, more]))
    key = f"{more['metadata']['namespace']}/zz"
    assert {other: route for other, route in after.table.routes.items() if other != key} == before.table.routes
    assert {
        other: status for other, status in after.statuses.items() if other[0] == "HTTPRoute" and other[1] != key
    } == {other: status for other, status in before.statuses.items() if other[0] == "HTTPRoute"}
    without = [
        msgspec.structs.replace(one, routes=tuple(route for route in one.routes if route != key))
        for one in after.table.listeners
    ]
    assert tuple(without) == before.table.listeners


@given(resource_sets(), st.data())
@check
def test_a_young_gateway_more_changes_no_older_one(documents: list[Document], data: st.DataObject) -> None:
    more = data.draw(gateways("zz"))
    more["metadata"]["creationTimestamp"] = "2026-05-05T00:00:00Z"
    before, after = (translate(resource_set(found), FACTS) for found in (documents, [*documents, more]))
    assert after.table.routes == before.table.routes
    assert tuple(one for one in after.table.listeners if one.gateway.name != "zz") == before.table.listeners
    assert {
        key: status for key, status in after.statuses.items() if key != ("Gateway", "default/zz")
    } == before.statuses


@given(resource_sets(), st.sampled_from(["llm", "llm-new", "h2c"]))
@check
def test_a_pool_that_goes_moves_no_share(documents: list[Document], gone: str) -> None:
    """Every backend keeps its weight; those that named the pool become invalid, and no others."""
    fewer = [one for one in documents if not (one["kind"] == "InferencePool" and one["metadata"]["name"] == gone)]
    before, after = (translate(resource_set(found), FACTS).table for found in (documents, fewer))
    assert before.routes.keys() == after.routes.keys()
    for key, route in before.routes.items():
        for old, new in zip(route.rules, after.routes[key].rules, strict=True):
            for arm, left in zip(old.split.backends, new.split.backends, strict=True):
                assert (left.ref, left.weight) == (arm.ref, arm.weight)
                assert left.invalid == arm.invalid or arm.ref.name == gone


@given(resource_sets(), st.data(), st.randoms())
@check
def test_the_order_of_rollouts_does_not_matter(
    documents: list[Document], data: st.DataObject, order: random.Random
) -> None:
    found = resource_set([*documents, *drawn_rollouts(data)])
    assert translate(shuffled(found, order), FACTS) == translate(found, FACTS)


@given(resource_sets(), st.data())
@check
def test_a_rollout_without_an_overlay_changes_nothing_at_all(documents: list[Document], data: st.DataObject) -> None:
    none = st.sampled_from(["Suspended", "Released", "", None, ["Active"]])
    before = translate(resource_set(documents), FACTS)
    after = translate(resource_set([*documents, *drawn_rollouts(data, none)]), FACTS)
    assert (after.table, after.statuses) == (before.table, before.statuses)


@given(resource_sets(), st.data())
@check
def test_an_overlay_changes_no_other_rule_and_no_other_share(documents: list[Document], data: st.DataObject) -> None:
    more = {f"{one['metadata']['namespace']}/{one['metadata']['name']}": one for one in drawn_rollouts(data)}
    before = translate(resource_set(documents), FACTS).table
    after = translate(resource_set([*documents, *more.values()]), FACTS)
    overlaid = {
        (facts.route, rule): more[key] for key, facts in after.rollouts.items() if facts.overlay for rule in facts.rules
    }
    # One rollout per rule: each that is in force has its rules alone.
    assert len(overlaid) == sum(len(facts.rules) for facts in after.rollouts.values() if facts.overlay)
    assert (after.table.listeners, after.table.pools) == (before.listeners, before.pools)
    for key, route in before.routes.items():
        for old, new in zip(route.rules, after.table.routes[key].rules, strict=True):
            if (key, old.name) not in overlaid:
                assert new == old
                continue
            assert (new.name, new.index, new.matches) == (old.name, old.index, old.matches)
            the = overlaid[key, old.name]
            stable, candidate = (the["spec"][arm]["name"] for arm in ("stable", "candidate"))
            namespace = the["metadata"]["namespace"]
            pair = {f"inference.networking.k8s.io/InferencePool/{namespace}/{name}" for name in (stable, candidate)}
            was, now = shares(old), shares(new)
            assert {ref: share for ref, share in now.items() if ref not in pair} == {
                ref: share for ref, share in was.items() if ref not in pair
            }
            weight = the["status"]["weights"]["desired"] if candidate in ("llm", "llm-new") else 0
            if namespace == "team" and candidate == "llm-new":
                weight = 0  # not there
            total = sum(share for ref, share in was.items() if ref in pair)
            assert {one.role: now[str(one.ref)] for one in new.split.backends if one.role} == {
                role: total * part / 100
                for role, part in (("stable", 100 - weight), ("candidate", weight))
                if part and total
            }


@given(resource_sets(), st.data())
@check
def test_statuses_under_rollouts_leave_nothing_to_write(documents: list[Document], data: st.DataObject) -> None:
    found = resource_set([*documents, *drawn_rollouts(data)])
    first = translate(found, FACTS)
    written = with_statuses(found, first.statuses)
    again = translate(written, msgspec.structs.replace(FACTS, now="2027-07-07T07:07:07Z"))
    assert (again.table, again.rollouts) == (first.table, first.rollouts)
    assert again.statuses == {key: first.statuses[key] for key in again.statuses}


def shares(rule: Rule) -> dict[str, Fraction]:
    """Each backend's share of the rule's requests, by ref."""
    total = sum(one.weight for one in rule.split.backends)
    return {str(one.ref): Fraction(one.weight, total) for one in rule.split.backends}
