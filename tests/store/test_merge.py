from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from turnout.store.merge import difference, merge, three_way

Document = dict[str, Any]

scalars = st.one_of(st.booleans(), st.integers(0, 3), st.sampled_from(["a", "b"]))
values = st.recursive(
    st.one_of(scalars, st.lists(scalars, max_size=2)),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
documents = st.dictionaries(st.sampled_from("abcd"), values, max_size=4)


@settings(max_examples=200)
@given(documents, documents)
def test_the_difference_merged_into_the_old_document_gives_the_new_one(old: Document, new: Document) -> None:
    merged = merge(old, difference(old, new))
    assert merged == new
    assert repr(difference(new, merged)) == "{}"


@given(documents)
def test_equal_documents_have_no_difference(document: Document) -> None:
    assert difference(document, document) == {}


def test_true_and_one_differ() -> None:
    assert difference({"a": 1}, {"a": True}) == {"a": True}


def test_a_list_is_replaced_whole() -> None:
    assert merge({"a": [1, 2]}, {"a": [3]}) == {"a": [3]}


def test_a_mapping_takes_the_place_of_a_scalar() -> None:
    assert merge({"a": 1}, {"a": {"b": 2, "c": None}}) == {"a": {"b": 2}}


def test_merging_leaves_its_arguments_alone() -> None:
    target = {"a": {"b": 1}}
    merge(target, {"a": {"b": None}})
    assert target == {"a": {"b": 1}}


@settings(max_examples=200)
@given(documents, documents)
def test_applying_over_what_was_applied_gives_what_is_wanted(applied: Document, wanted: Document) -> None:
    assert merge(applied, three_way(applied, wanted, applied)) == wanted


@settings(max_examples=200)
@given(documents, documents)
def test_nothing_is_to_be_done_where_the_live_document_has_all(wanted: Document, extra: Document) -> None:
    live = {**{f"x{key}": value for key, value in extra.items()}, **wanted}
    assert three_way(wanted, wanted, live) == {}


def test_what_is_no_longer_wanted_is_taken_away() -> None:
    assert three_way({"a": {"b": 1, "c": 2}}, {"a": {"b": 1}}, {"a": {"b": 1, "c": 2}}) == {"a": {"c": None}}


def test_what_others_wrote_stays() -> None:
    live = {"a": {"b": 1, "theirs": 3}, "status": {}}
    assert three_way({"a": {"b": 1}}, {"a": {"b": 2}}, live) == {"a": {"b": 2}}


def test_what_is_gone_already_is_not_taken_away_again() -> None:
    assert three_way({"a": 1}, {}, {}) == {}
