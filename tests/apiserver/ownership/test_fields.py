"""Documents compared, put together and cut."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.admission import KIND
from tests.support.ownership import gateway_configs
from turnout.apiserver.ownership.fields import compare, fields_of, interleaved, merged, with_structs, without
from turnout.apiserver.ownership.paths import shown
from turnout.apiserver.ownership.shapes import shape_of

SHAPE = shape_of(KIND["Gateway"])
LETTERS = st.lists(st.sampled_from("abcdefg"), unique=True)
CONFIGS = gateway_configs()


def listeners(**ports: int) -> dict[str, Any]:
    return {"spec": {"listeners": [{"name": name, "port": port} for name, port in ports.items()]}}


def names(document: dict[str, Any]) -> str:
    return "".join(each["name"] for each in document["spec"]["listeners"])


def test_what_is_new_is_added_with_the_structs_around_it() -> None:
    found = compare(SHAPE, {}, {"spec": {"gatewayClassName": "a"}})

    assert {shown(path) for path in found.added} == {".spec", ".spec.gatewayClassName"}
    assert not found.modified
    assert not found.removed


def test_another_value_is_modified_and_a_missing_one_removed() -> None:
    found = compare(SHAPE, listeners(a=1, b=2), listeners(a=3))

    assert {shown(path) for path in found.modified} == {'.spec.listeners[name="a"].port'}
    assert '.spec.listeners[name="b"]' in {shown(path) for path in found.removed}
    assert not found.added


def test_another_order_is_no_difference() -> None:
    found = compare(SHAPE, listeners(a=1, b=2), listeners(b=2, a=1))

    assert not found.changed
    assert not found.removed


def test_true_is_not_one() -> None:
    assert compare(SHAPE, {"status": {"a": True}}, {"status": {"a": 1}}).modified


@settings(max_examples=60, deadline=None)
@given(CONFIGS, CONFIGS)
def test_a_document_differs_from_another_where_the_other_differs_from_it(one: Any, two: Any) -> None:
    there, back = compare(SHAPE, one, two), compare(SHAPE, two, one)

    assert (there.added, there.modified, there.removed) == (back.removed, back.modified, back.added)
    assert bool(there.changed or there.removed) is (merged_twice(one) != merged_twice(two))


def merged_twice(document: Any) -> Any:
    """The document with its keyed lists and sets in one order."""
    if isinstance(document, dict):
        return {key: merged_twice(value) for key, value in document.items()}
    if isinstance(document, list) and all(isinstance(each, str) or "name" in each for each in document):
        return sorted(document, key=str)
    return document


@settings(max_examples=60, deadline=None)
@given(CONFIGS, CONFIGS)
def test_a_merge_says_all_that_was_wanted_and_keeps_the_rest(live: Any, wanted: Any) -> None:
    whole = merged(SHAPE, live, wanted)

    assert merged(SHAPE, whole, wanted) == whole
    assert not compare(SHAPE, live, whole).removed - compare(SHAPE, live, wanted).modified
    for path in fields_of(SHAPE, wanted):
        assert path in fields_of(SHAPE, whole) | with_structs(SHAPE, fields_of(SHAPE, whole))


@given(LETTERS, LETTERS)
def test_all_items_stay_once_and_the_wanted_ones_in_their_order(live: list[str], wanted: list[str]) -> None:
    found = interleaved(live, wanted)

    assert sorted(found) == sorted({*live, *wanted})
    assert [each for each in found if each in wanted] == wanted
    assert [each for each in found if each not in wanted] == [each for each in live if each not in wanted]


def test_items_of_others_keep_their_place() -> None:
    assert names(merged(SHAPE, listeners(a=1, b=2, c=3), listeners(c=3, d=4))) == "abcd"
    assert names(merged(SHAPE, listeners(a=1, b=2, c=3), listeners(d=4, b=2))) == "adbc"
    assert names(merged(SHAPE, listeners(a=1, b=2, c=3), listeners(c=3, a=1))) == "bca"


def test_a_cut_takes_a_part_with_all_that_is_in_it() -> None:
    path = next(path for path in fields_of(SHAPE, listeners(a=1)) if shown(path).endswith("]"))

    assert without(SHAPE, listeners(a=1, b=2), [path]) == listeners(b=2)


def test_who_owns_a_field_keeps_the_structs_around_it_but_not_the_item() -> None:
    found = with_structs(SHAPE, [("f:spec", "f:listeners", 'k:{"name":"a"}', "f:tls", "f:mode")])

    assert {shown(path) for path in found} == {
        ".spec",
        ".spec.listeners",
        '.spec.listeners[name="a"].tls',
        '.spec.listeners[name="a"].tls.mode',
    }
