"""The forms of `-o`."""

import pytest

from turnout.cli.outputs import form_of
from turnout.cli.target import Asked

OBJECT = {"kind": "A", "metadata": {"name": "a", "managedFields": [{"manager": "m"}]}}


def test_no_form_and_wide_are_tables() -> None:
    assert form_of("").table
    assert form_of("wide").table
    assert not form_of("name").table


def test_who_set_which_field_is_not_shown() -> None:
    assert form_of("yaml").text(OBJECT) == "kind: A\nmetadata:\n  name: a\n"
    assert "managedFields" not in form_of("json").text({"items": [OBJECT]})


def test_a_template_is_filled_in() -> None:
    assert form_of("jsonpath={.metadata.name}").text(OBJECT) == "a"


@pytest.mark.parametrize("output", ["table", "yaml=x", "jsonpath", "jsonpath={.a"])
def test_an_unknown_form_is_refused(output: str) -> None:
    with pytest.raises(Asked):
        form_of(output)
