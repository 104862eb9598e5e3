"""`managedFields` read and written."""

from typing import Any

import pytest

from turnout.apiserver.ownership.encoding import MalformedError
from turnout.apiserver.ownership.entries import (
    ANCIENT,
    APPLY,
    MOST_UPDATERS,
    UPDATE,
    Entry,
    Writer,
    read_entries,
    written_entries,
)

FIELDS = frozenset({("f:spec", "f:a")})


def entry(manager: str, operation: str = UPDATE, time: str = "2026-01-01T00:00:00Z", **more: Any) -> Entry:
    return Entry(Writer(manager, operation, "v1", **more), FIELDS, time)


def test_an_entry_is_written_as_kubernetes_writes_it() -> None:
    assert written_entries([entry("me", subresource="status")]) == [
        {
            "manager": "me",
            "operation": "Update",
            "apiVersion": "v1",
            "time": "2026-01-01T00:00:00Z",
            "fieldsType": "FieldsV1",
            "fieldsV1": {"f:spec": {"f:a": {}}},
            "subresource": "status",
        }
    ]


def test_entries_come_back_as_they_were_written() -> None:
    entries = (entry("b", APPLY), entry("a"), entry("a", subresource="status"))

    assert read_entries(written_entries(entries)) == entries


def test_appliers_come_first_then_the_oldest() -> None:
    late, early, applier = entry("a", time="2026-02-01T00:00:00Z"), entry("b"), entry("z", APPLY)

    assert [each["manager"] for each in written_entries([late, early, applier])] == ["z", "b", "a"]


def test_who_owns_nothing_is_not_told() -> None:
    assert written_entries([Entry(Writer("a", UPDATE, "v1"), frozenset(), "")]) == []


def test_the_oldest_of_too_many_updaters_become_one() -> None:
    many = [entry(f"m{number:02}", time=f"2026-01-{number + 1:02}T00:00:00Z") for number in range(MOST_UPDATERS + 3)]

    managers = [each["manager"] for each in written_entries([*many, entry("z", APPLY)])]

    assert managers == ["z", ANCIENT, *(f"m{number:02}" for number in range(4, MOST_UPDATERS + 3))]
    assert len(managers) == MOST_UPDATERS + 1


@pytest.mark.parametrize(
    "managed",
    [
        {"a": 1},
        [1],
        [{}],
        [{"manager": 1, "operation": "Update", "fieldsType": "FieldsV1"}],
        [{"manager": "a", "operation": "Spam", "fieldsType": "FieldsV1"}],
        [{"manager": "a", "operation": "Update", "fieldsType": "FieldsV2"}],
        [{"manager": "a", "operation": "Update", "fieldsType": "FieldsV1", "fieldsV1": {"x": {}}}],
    ],
)
def test_what_is_no_entry_is_refused(managed: Any) -> None:
    with pytest.raises(MalformedError):
        read_entries(managed)
