"""Durations of GEP-2257."""

import pytest

from turnout.resources.durations import milliseconds


@pytest.mark.parametrize(
    ("text", "length"),
    [("0s", 0), ("1s", 1000), ("500ms", 500), ("1m", 60_000), ("1h30m", 5_400_000), ("1h2m3s4ms", 3_723_004)],
)
def test_units_add_up(text: str, length: int) -> None:
    assert milliseconds(text) == length
