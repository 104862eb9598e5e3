"""Lines of the access log."""

import json
import re
from pathlib import Path

from turnout.telemetry.access_log import AccessLog, Line, sampled
from turnout.telemetry.record import Place, Record

DOCUMENT = Path(__file__).parents[2] / "docs" / "access-log.md"


def record(code: int = 200, number: int = 0, logged: float | None = None) -> Record:
    place = Place("a/r", "0", "a/p", "", 1, 1, 2, logged)
    return Record(1.0, place, "h:1", "key:ab", code, "", False, 1.0, 1, id=b"%d" % number)


def logged(folder: Path, *records: Record, default: float = 1.0) -> list[dict[str, object]]:
    place = folder / "log"
    log = AccessLog(str(place), 0, default)
    for each in records:
        log.add(each, "m", None, None, None, None)
    log.close(10.0)
    return [json.loads(line) for line in place.read_text().splitlines()] if place.exists() else []


def test_the_document_tells_every_field(tmp_path: Path) -> None:
    (line,) = logged(tmp_path, record())
    told = re.findall(r"^\| `(\w+)` \|", DOCUMENT.read_text(), re.MULTILINE)
    assert told == sorted(line, key=told.index)
    assert len(line) == len(Line.__struct_fields__)


def test_a_gateway_that_says_off_has_no_lines(tmp_path: Path) -> None:
    assert logged(tmp_path, record(logged=-1.0), record(500, logged=-1.0)) == []


def test_failures_are_logged_whatever_the_share(tmp_path: Path) -> None:
    assert [line["code"] for line in logged(tmp_path, record(logged=0.0), record(503, logged=0.0))] == [503]


def test_about_the_share_of_requests_is_sampled() -> None:
    assert 400 < sum(sampled(b"%d" % number, 0.05) for number in range(10_000)) < 600


def test_a_disk_that_takes_nothing_costs_lines_which_are_counted() -> None:
    log = AccessLog("/dev/full", 0, 1.0)
    log.add(record(), "m", None, None, None, None)
    log.close(10.0)
    assert log.take_dropped() == 1


def test_a_file_that_was_moved_away_is_opened_anew(tmp_path: Path) -> None:
    assert len(logged(tmp_path, record())) == 1
    (tmp_path / "log").rename(tmp_path / "log.1")
    assert len(logged(tmp_path, record(), record())) == 2
