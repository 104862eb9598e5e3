"""The index of dependents by owner."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from turnout.apiserver.dependents import Dependents
from turnout.apiserver.stored import Key, Stored

Changes = st.lists(st.tuples(st.sampled_from("abc"), st.none() | st.sets(st.sampled_from("xyz"))), max_size=20)


def stored(name: str, owners: set[str]) -> Stored:
    references: list[Any] = [{"uid": each} for each in owners]
    return Stored.at(Key("", "configmaps", "default", name), 1, {"metadata": {"ownerReferences": references}})


@given(Changes)
def test_the_index_is_what_the_objects_say(changes: list[tuple[str, set[str] | None]]) -> None:
    index = Dependents()
    objects: dict[str, Stored] = {}
    said: dict[str, set[str]] = {}

    for name, owners in changes:
        after = stored(name, owners) if owners is not None else None
        index.see(Key("", "configmaps", "default", name), objects.get(name), after)
        objects.pop(name, None)
        said.pop(name, None)
        if after is not None and owners is not None:
            objects[name], said[name] = after, owners

    for uid in "xyz":
        assert {key.name for key in index.of(uid)} == {name for name, owners in said.items() if uid in owners}
    assert {key.name for key in index.all()} == {name for name, owners in said.items() if owners}
