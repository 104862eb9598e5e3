"""Rows of Events."""

from typing import Any

import pytest

from turnout.apiserver.event_rows import event_cells, event_columns
from turnout.resources.document import JSON

EARLY, LATE = "2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z"
ABOUT = {"kind": "Gateway", "name": "gate"}


def row(**parts: Any) -> dict[str, JSON]:
    """The cells by the names of their columns; a time is shown as it is."""
    cells = event_cells({"metadata": {"name": "e"}, **parts}, lambda time: f"age of {time}")
    return dict(zip((column["name"] for column in event_columns()), cells, strict=True))


def test_the_object_is_its_kind_in_small_letters_and_its_name() -> None:
    assert row(involvedObject=ABOUT)["Object"] == "gateway/gate"
    assert row(involvedObject={"kind": "Gateway"})["Object"] == "gateway"


def test_an_event_of_a_series_is_as_old_as_the_series_says() -> None:
    series = {"count": 7, "lastObservedTime": LATE}
    seen = row(firstTimestamp=EARLY, lastTimestamp=EARLY, count=2, series=series)
    assert (seen["First Seen"], seen["Last Seen"], seen["Count"]) == (f"age of {EARLY}", f"age of {LATE}", 7)


def test_an_event_with_one_time_was_seen_once_then() -> None:
    seen = row(eventTime=EARLY)
    assert (seen["First Seen"], seen["Last Seen"], seen["Count"]) == (f"age of {EARLY}", f"age of {EARLY}", 1)


@pytest.mark.parametrize(
    ("parts", "shown"),
    [
        ({"source": {"component": "c", "host": "h"}}, "c, h"),
        ({"source": {"component": "c"}}, "c"),
        ({"reportingComponent": "c", "reportingInstance": "i"}, "c, i"),
        ({}, ""),
    ],
)
def test_the_source_is_who_saw_it_and_where(parts: dict[str, Any], shown: str) -> None:
    assert row(**parts)["Source"] == shown
