"""Who owns what after updates and applies."""

from typing import Any

import pytest

from tests.support.admission import KIND
from turnout.apiserver.ownership.entries import APPLY, UPDATE, Entry, Writer
from turnout.apiserver.ownership.paths import FieldSet, shown
from turnout.apiserver.ownership.shapes import shape_of
from turnout.apiserver.ownership.writes import Applied, ConflictError, applied, updated

SHAPE = shape_of(KIND["Gateway"])
A, B = Writer("a", APPLY, "v1"), Writer("b", APPLY, "v1")
U = Writer("u", UPDATE, "v1")
THEN, NOW = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"


def labels(**named: str) -> dict[str, Any]:
    return {"metadata": {"name": "g", "labels": named}}


def spec(**fields: Any) -> dict[str, Any]:
    return {"metadata": {"name": "g"}, "spec": fields}


def held(entries: tuple[Entry, ...]) -> dict[str, set[str]]:
    return {entry.writer.manager: {shown(path) for path in entry.fields} for entry in entries}


def apply(live: dict[str, Any], wanted: dict[str, Any], before: Applied | None, writer: Writer = A) -> Applied:
    return applied(SHAPE, live, wanted, before.entries if before else (), writer, NOW)


def test_an_update_owns_what_it_changes_and_not_whose_object_it_is() -> None:
    entries = updated(SHAPE, {"metadata": {}}, labels(x="1") | {"kind": "Gateway"}, (), U, NOW)

    assert held(entries) == {"u": {".metadata.labels", ".metadata.labels.x"}}
    assert entries[0].time == NOW


def test_an_update_takes_from_others_what_it_changes() -> None:
    before = apply({"metadata": {}}, labels(x="1", y="1"), None)

    entries = updated(SHAPE, before.document, labels(x="2", y="1"), before.entries, U, NOW)

    assert held(entries) == {"a": {".metadata.labels.y"}, "u": {".metadata.labels.x"}}


def test_an_update_that_removes_owns_nothing_and_others_own_it_no_longer() -> None:
    before = apply({"metadata": {}}, labels(x="1", y="1"), None)

    assert held(updated(SHAPE, before.document, labels(y="1"), before.entries, U, NOW)) == {"a": {".metadata.labels.y"}}


def test_updates_of_one_manager_are_one_entry_per_version() -> None:
    old = Entry(U, frozenset({("f:metadata", "f:labels", "f:x")}), THEN)
    other = Entry(Writer("u", UPDATE, "v2"), frozenset({("f:spec", "f:a")}), THEN)

    entries = updated(SHAPE, labels(x="1"), labels(x="1", y="1"), (old, other), U, NOW)

    assert [(entry.writer.api_version, len(entry.fields), entry.time) for entry in entries] == [
        ("v2", 1, THEN),
        ("v1", 2, NOW),
    ]


def test_an_update_that_changes_nothing_leaves_the_time() -> None:
    old = Entry(U, frozenset({("f:metadata", "f:labels", "f:x")}), THEN)

    assert updated(SHAPE, labels(x="1"), labels(x="1"), (old,), U, NOW) == (old,)


def test_what_is_applied_no_longer_goes() -> None:
    before = apply({"metadata": {}}, labels(x="1", y="1"), None)

    assert apply(before.document, labels(y="1"), before).document == labels(y="1")


def test_a_struct_goes_with_its_last_field() -> None:
    before = apply({"metadata": {}}, labels(x="1"), None)

    assert apply(before.document, spec(), before).document["metadata"] == {"name": "g"}


def test_what_another_also_applied_stays() -> None:
    one = apply({"metadata": {}}, labels(x="1"), None)
    two = apply(one.document, labels(x="1"), one, B)

    after = apply(two.document, spec(gatewayClassName="c"), two)

    assert after.document["metadata"]["labels"] == {"x": "1"}
    assert held(after.entries) == {"b": {".metadata.labels.x"}, "a": {".spec.gatewayClassName"}}


def test_what_an_updater_put_beside_it_stays() -> None:
    one = apply({"metadata": {}}, labels(x="1"), None)
    beside = labels(x="1", z="9")
    entries = updated(SHAPE, one.document, beside, one.entries, U, NOW)

    after = apply(beside, spec(), Applied(beside, entries))

    assert after.document["metadata"]["labels"] == {"z": "9"}


def test_an_item_goes_with_what_others_put_into_it_unless_they_own_the_item() -> None:
    listener = {"name": "a", "port": 1}
    one = apply({"metadata": {}}, spec(listeners=[listener]), None)
    inside = spec(listeners=[{**listener, "hostname": "x"}])
    entries = updated(SHAPE, one.document, inside, one.entries, U, NOW)

    after = apply(inside, spec(gatewayClassName="c"), Applied(inside, entries))

    assert after.document["spec"] == {"gatewayClassName": "c"}
    assert held(after.entries) == {"a": {".spec.gatewayClassName"}}


def test_another_value_of_anothers_field_is_a_conflict_in_kubernetes_words() -> None:
    one = apply({"metadata": {}}, spec(gatewayClassName="c"), None)

    with pytest.raises(ConflictError) as refused:
        apply(one.document, spec(gatewayClassName="d"), one, B)

    assert str(refused.value) == 'Apply failed with 1 conflict: conflict with "a": .spec.gatewayClassName'


def test_conflicts_are_told_by_manager() -> None:
    one = apply({"metadata": {}}, labels(x="1"), None)
    two = Applied(labels(x="1", y="1"), updated(SHAPE, one.document, labels(x="1", y="1"), one.entries, U, NOW))

    with pytest.raises(ConflictError) as refused:
        apply(two.document, labels(x="2", y="2"), two, B)

    assert str(refused.value) == (
        'Apply failed with 2 conflicts: conflicts with "a":\n- .metadata.labels.x\n'
        'conflicts with "u" using v1:\n- .metadata.labels.y'
    )


def test_a_conflict_with_the_writer_of_a_status_says_so() -> None:
    status = {"metadata": {"name": "g"}, "status": {"a": "1"}}
    entries = updated(SHAPE, {"metadata": {}}, status, (), Writer("u", UPDATE, "v1", "status"), NOW)

    with pytest.raises(ConflictError, match=r'"u" with subresource "status" using v1: \.status\.a'):
        applied(SHAPE, status, {**status, "status": {"a": "2"}}, entries, A, NOW)


@pytest.mark.parametrize("takes", [None, frozenset({("f:spec", "f:gatewayClassName")})])
def test_a_field_that_may_be_taken_changes_hands(takes: FieldSet | None) -> None:
    one = apply({"metadata": {}}, spec(gatewayClassName="c"), None)

    after = applied(SHAPE, one.document, spec(gatewayClassName="d"), one.entries, B, NOW, takes)

    assert after.document["spec"] == {"gatewayClassName": "d"}
    assert held(after.entries) == {"b": {".spec.gatewayClassName"}}


def test_the_same_value_is_shared() -> None:
    one = apply({"metadata": {}}, spec(gatewayClassName="c"), None)

    after = apply(one.document, spec(gatewayClassName="c"), one, B)

    assert held(after.entries) == {"a": {".spec.gatewayClassName"}, "b": {".spec.gatewayClassName"}}


def test_the_time_moves_only_with_the_fields() -> None:
    entry = Entry(A, frozenset({("f:spec", "f:gatewayClassName")}), THEN)
    live = spec(gatewayClassName="c")

    assert applied(SHAPE, live, spec(gatewayClassName="c"), (entry,), A, NOW).entries == (entry,)
    assert applied(SHAPE, live, spec(gatewayClassName="d"), (entry,), A, NOW).entries[-1].time == NOW
