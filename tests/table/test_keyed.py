from hypothesis import given
from hypothesis import strategies as st

from turnout.table.keyed import changed, revised

keyed = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 1))


@given(keyed, keyed)
def test_the_changed_keys_are_those_whose_values_differ(before: dict[str, int], after: dict[str, int]) -> None:
    # Small integers are the same object wherever they are equal.
    assert sorted(changed(before, after)) == sorted({key for key, _ in before.items() ^ after.items()})


@given(keyed, st.dictionaries(st.sampled_from("abcdef"), st.none() | st.integers(0, 1)))
def test_a_revised_dict_is_sorted_and_has_what_the_changes_say(
    before: dict[str, int], changes: dict[str, int | None]
) -> None:
    before = dict(sorted(before.items()))
    wanted = {key: value for key, value in {**before, **changes}.items() if value is not None}
    assert list(revised(before, changes).items()) == sorted(wanted.items())


def test_without_changes_it_is_the_very_dict() -> None:
    before = {"a": 1}
    assert revised(before, {}) is before
