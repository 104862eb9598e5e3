"""Counts for the controller."""

from turnout.channels import Count, Report
from turnout.proxy.reports import Reports
from turnout.telemetry.record import Record


def record(code: int = 200, reason: str = "") -> Record:
    return Record(1.0, "a/r", "0", "a/p", "10.0.0.1:80", 1, 1, 1, "stretch:0", code, reason, False, None, None, 1.0, 1)


def test_records_of_one_kind_are_one_count_and_are_told_once() -> None:
    reports = Reports()
    for each in (record(), record(), record(503, "no-endpoints")):
        reports.add(each)

    assert reports.report(3, 7) == Report(
        1,
        (Count("a/r", "0", "a/p", 200, "", 2), Count("a/r", "0", "a/p", 503, "no-endpoints", 1)),
        streams_open=3,
        table_version=7,
    )
    assert reports.report(0, 7) == Report(2, (), streams_open=0, table_version=7)
