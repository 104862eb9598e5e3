"""Counts for the controller."""

import json
from pathlib import Path

from msgspec.structs import replace

from turnout.channels import Count, Report
from turnout.proxy.reports import MOST_MODELS, Reports
from turnout.telemetry.access_log import AccessLog
from turnout.telemetry.record import Place, Record
from turnout.telemetry.snapshot import MOST_SERIES, OTHER

SECOND = ({7: 1}, 1.0)


def record(code: int = 200, reason: str = "") -> Record:
    place = Place("a/r", "0", "a/p", "", 1, 1, 1)
    return Record(1.0, place, "10.0.0.1:80", "stretch:0", code, reason, False, 1.0, 1)


def test_records_of_one_kind_are_one_count_and_are_told_once() -> None:
    reports = Reports()
    for each in (record(), record(), record(503, "no-endpoints")):
        reports.add(each)

    assert reports.report(3, 7) == Report(
        1,
        (
            Count("a/r", "0", "a/p", 200, "", 2, duration=({7: 2}, 2.0)),
            Count("a/r", "0", "a/p", 503, "no-endpoints", 1, duration=SECOND),
        ),
        streams_open=3,
        table_version=7,
    )
    assert reports.report(0, 7) == Report(2, (), streams_open=0, table_version=7)


def test_a_streams_times_and_tokens_are_told() -> None:
    reports = Reports()
    usage = b'"usage":{"prompt_tokens":9,"total_tokens":20,"completion_tokens":11}'
    reports.add(replace(record(), stream=True, began=1.0, sent=1.25, first_content=1.5, duration=1.5, usage=usage))

    (count,) = reports.report(0, 1).counts
    assert (count.prompt_tokens, count.completion_tokens) == (9, 11)
    assert (count.ttft[1], count.tpot[1]) == (0.25, 0.1)


def test_one_token_has_no_time_per_token() -> None:
    reports = Reports()
    reports.add(
        replace(record(), stream=True, began=1.0, sent=1.0, first_content=1.5, usage=b'"usage":{"completion_tokens":1}')
    )
    (count,) = reports.report(0, 1).counts
    assert count.tpot == ({}, 0.0)


def test_only_a_model_that_a_server_has_answered_for_is_named() -> None:
    reports = Reports()
    reports.add(replace(record(404), model="made-up"))
    reports.add(replace(record(), model="llama"))
    reports.add(replace(record(404), model="llama"))
    assert [(each.code, each.model) for each in reports.report(0, 1).counts] == [
        (404, OTHER),
        (200, "llama"),
        (404, "llama"),
    ]


def test_models_beyond_the_limit_are_told_as_other() -> None:
    reports = Reports()
    for number in range(MOST_MODELS + 5):
        reports.add(replace(record(), model=f"m{number}"))
    told = {each.model: each.requests for each in reports.report(0, 1).counts}
    assert len(told) == MOST_MODELS + 1
    assert told[OTHER] == 5


def test_lines_of_kinds_beyond_the_limit_keep_their_models(tmp_path: Path) -> None:
    log = AccessLog(str(tmp_path / "log"), 0, 1.0)
    reports = Reports(log)
    for name in ("one", "two"):
        reports.add(replace(record(), model=name))
    reports.digest()
    for number in range(MOST_SERIES):
        reports.add(replace(record(), place=replace(record().place, route=f"a/r{number}")))
    for name in ("one", "two"):
        reports.add(replace(record(), place=replace(record().place, route="a/last"), model=name))
    reports.digest()
    log.close(30.0)

    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert [line["model"] for line in lines if line["route"] == "a/last"] == ["one", "two"]


def test_kinds_beyond_the_limit_are_told_as_other() -> None:
    reports = Reports()
    for number in range(MOST_SERIES + 5):
        reports.add(replace(record(), place=replace(record().place, route=f"a/r{number}")))
    told = reports.report(0, 1).counts
    assert len(told) == MOST_SERIES + 1
    assert [each.requests for each in told if each.route == OTHER] == [5]
