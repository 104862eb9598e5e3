"""Table cells."""

from datetime import UTC, datetime

import pytest

from turnout.apiserver.tables import cells, columns
from turnout.resources.kinds import KINDS, find_kind

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def row(group: str, version: str, kind: str, **parts: object) -> list[object]:
    found = find_kind(group, version, kind)
    assert found is not None
    return cells(found, {"metadata": {"name": "n", "creationTimestamp": "2026-01-01T00:00:00Z"}, **parts}, NOW)


def test_a_row_has_a_cell_for_each_column() -> None:
    for kind in KINDS:
        assert len(cells(kind, {"metadata": {"name": "n"}}, NOW)) == len(columns(kind)) > len(kind.columns)


def test_ages_lists_numbers_and_absent_values_are_shown() -> None:
    routes = row("gateway.networking.k8s.io", "v1", "HTTPRoute", spec={"hostnames": ["a", "b"]})
    assert routes == ["n", '["a","b"]', "24h"]
    assert row("turnout.dev", "v1alpha1", "ModelServer", spec={"port": 1}) == ["n", None, 1, None, "24h"]
    addresses = {"addresses": [{"value": "10.0.0.1"}, {"value": "10.0.0.2"}]}
    gateway = row("gateway.networking.k8s.io", "v1", "Gateway", spec={"gatewayClassName": "c"}, status=addresses)
    assert gateway == ["n", "c", "10.0.0.1,10.0.0.2", None, "24h"]


@pytest.mark.parametrize(
    ("seen", "shown"),
    [
        (None, "<unknown>"),
        ("", "<unknown>"),
        (7, "<unknown>"),
        ("yesterday", "<invalid>"),
        ("2026-01-01T23:59:00Z", "60s"),
        ("2026-01-01T23:59:00", "60s"),
        ("2026-01-01T23:59:00.000001Z", "59s"),
    ],
)
def test_a_date_is_shown_as_an_age(seen: object, shown: str) -> None:
    assert row("", "v1", "Event", lastTimestamp=seen)[0] == shown


def test_a_date_is_sent_as_text() -> None:
    for kind in KINDS:
        assert {column["type"] for column in columns(kind)} <= {"string", "integer", "boolean", "number"}


def test_entries_are_counted_over_all_paths() -> None:
    assert row("", "v1", "ConfigMap", data={"a": "", "b": ""}, binaryData={"c": ""})[1] == 3
    assert row("", "v1", "Secret", type="Opaque")[1:3] == ["Opaque", 0]


def test_a_count_is_sent_as_a_number() -> None:
    kind = find_kind("", "v1", "Secret")
    assert kind is not None
    assert [each["type"] for each in columns(kind)] == ["string", "string", "integer", "string"]
