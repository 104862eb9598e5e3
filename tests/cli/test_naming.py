"""What arguments name."""

import pytest

from turnout.cli.naming import split
from turnout.cli.target import Asked


def test_kinds_and_names_are_told_apart_by_their_place() -> None:
    assert split(["a"]) == [("a", ())]
    assert split(["a", "x", "y"]) == [("a", ("x", "y"))]
    assert split(["a,b", "x"]) == [("a", ("x",)), ("b", ("x",))]


def test_a_slash_joins_a_kind_and_a_name() -> None:
    assert split(["a/x", "b/y"]) == [("a", ("x",)), ("b", ("y",))]


@pytest.mark.parametrize("arguments", [["a", "b/x"], ["a/x", "y"], ["a/x/y"], ["/x"], ["a/"]])
def test_mixed_forms_are_refused(arguments: list[str]) -> None:
    with pytest.raises(Asked):
        split(arguments)
