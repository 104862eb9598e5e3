from turnout.channels import Count, Report
from turnout.runners.controller.reports import Reports


def report(seq: int, requests: int = 1, streams: int = 0) -> Report:
    return Report(seq, (Count("default/route", "0", "default/llm", 200, "", requests),), streams, 1)


def test_reports_are_summed_over_workers() -> None:
    reports = Reports()
    reports.add(0, 10, report(1, 3))
    reports.add(1, 11, report(1, 4))
    assert reports.requests == {("default/route", "0", "default/llm", 200, ""): 7}


def test_a_gap_is_counted() -> None:
    reports = Reports()
    assert [reports.add(0, 10, report(seq)) for seq in (5, 6, 9, 10)] == [0, 0, 2, 0]
    assert reports.missing == 2


def test_a_report_that_is_told_twice_counts_once() -> None:
    reports = Reports()
    for seq in (1, 2, 2, 1):
        reports.add(0, 10, report(seq))
    assert sum(reports.requests.values()) == 2


def test_a_workers_successor_begins_anew() -> None:
    reports = Reports()
    reports.add(0, 10, report(100))
    assert reports.add(0, 11, report(1)) == 0
    assert sum(reports.requests.values()) == 2


def test_open_streams_are_those_of_the_workers_that_are_there() -> None:
    reports = Reports()
    reports.add(0, 10, report(1, streams=3))
    reports.add(1, 11, report(1, streams=4))
    assert reports.streams_open == 7
    reports.add(1, 12, report(1, streams=1))  # the successor of one that still has streams
    assert reports.streams_open == 8
    reports.gone(0, 10)
    reports.gone(1, 12)
    assert reports.streams_open == 4
