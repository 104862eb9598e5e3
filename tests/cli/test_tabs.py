"""Tabs as spaces."""

from turnout.cli.tabs import tabbed


def test_a_column_is_as_wide_as_the_widest_of_its_run() -> None:
    assert tabbed(["a\tb", "long\tc", "no tab", "x\ty"]) == ["a     b", "long  c", "no tab", "x  y"]


def test_columns_within_a_run_have_runs_of_their_own() -> None:
    assert tabbed(["a\tbbb\tc", "a\tb\tc", "a\tz"]) == ["a  bbb  c", "a  b    c", "a  z"]


def test_the_last_cell_is_left_as_it_is() -> None:
    assert tabbed(["a\t", "bb\t "]) == ["a   ", "bb   "]


def test_nothing_is_no_lines() -> None:
    assert tabbed([]) == []
