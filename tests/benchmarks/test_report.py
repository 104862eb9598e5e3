"""What a run's Markdown says."""

import msgspec

from benchmarks.aims import AIMS, verdicts
from benchmarks.bench import Row
from benchmarks.cases import CASES
from benchmarks.report import SHOWN, Case, Run, markdown


def _run(*rows: Row, letter: str = "a") -> Run:
    return Run({"cores": 2}, {"turnout": "1"}, {}, len(rows[0].figures), 3.0, {letter: Case("title", list(rows))})


def _row(name: str, *rates: float, busy: float = 100.0, note: str = "", errors: float = 0.0) -> Row:
    count = len(rates)
    cost = [1e6 / rate for rate in rates]
    figures = {"requests/s": list(rates), "CPU us/request": cost, "its core busy %": [busy] * count}
    return Row(name, {**figures, "load's core busy %": [50.0] * count, "errors": [errors] * count}, note)


def _line(text: str, name: str) -> str:
    return next(line for line in reversed(text.splitlines()) if line.startswith(f"| {name} |"))


def test_a_row_shows_the_median_with_the_least_and_the_most() -> None:
    assert "| 20,000 [10,000, 30,000] |" in _line(markdown(_run(_row("turnout", 10_000, 20_000, 30_000))), "turnout")


def test_ratios_are_taken_round_by_round() -> None:
    text = markdown(_run(_row("turnout", 100, 400, 900), _row("envoy", 100, 200, 300)))
    assert _line(text, "envoy").endswith("| 2.00 [1.00, 3.00] |")


def test_requests_of_a_proxy_whose_core_had_time_left_are_said_to_be_a_lower_bound() -> None:
    line = _line(markdown(_run(_row("turnout", 100.0), _row("nginx", 200.0, busy=94.0))), "nginx")
    assert "| ≥ 200 [200, 200] |" in line
    assert line.endswith("| ≤ 0.50 [0.50, 0.50] |")


def test_requests_of_a_proxy_whose_core_was_full_are_no_bound() -> None:
    assert "≥" not in markdown(_run(_row("turnout", 100.0), _row("nginx", 200.0, busy=96.0)))


def test_a_peer_that_failed_is_named_with_the_reason_and_keeps_its_rounds() -> None:
    text = markdown(_run(_row("turnout", 100, 100), _row("smg cache_aware", 50.0, note="failed in round 2:\nwhy")))
    assert "smg cache_aware: failed in round 2: why." in text.splitlines()
    assert _line(text, "smg cache_aware").endswith("| 2.00 [2.00, 2.00] |")


def test_a_peer_that_failed_at_once_has_no_figures() -> None:
    text = markdown(_run(_row("turnout", 100.0), Row("smg cache_aware", {}, "failed in round 1: why")))
    assert _line(text, "smg cache_aware") == "| smg cache_aware | - | - | - | - |  |"


def test_answers_that_were_errors_are_told() -> None:
    assert "turnout: 6 errors." in markdown(_run(_row("turnout", 100, 100, errors=3.0))).splitlines()


def test_a_peer_that_was_left_out_is_named_with_the_reason() -> None:
    run = msgspec.structs.replace(_run(_row("turnout", 100.0)), missing={"smg": "no\nanswer"})
    assert markdown(run).splitlines()[0].endswith("Left out: smg (no answer).")


def test_every_case_has_a_table_and_every_aim_a_case() -> None:
    assert list(SHOWN) == list(CASES)
    assert {aim.case for aim in AIMS} == set(CASES)


def test_an_aim_without_figures_has_no_verdict() -> None:
    assert verdicts({"a": {"turnout": {"requests/s": [1.0]}}}) == []


def test_an_aim_is_reached_by_the_median_at_its_bound() -> None:
    memory = verdicts({"g": {"turnout": {"KB/stream": [24.0, 25.0, 90.0]}}})
    assert [(each.reached, each.measured["median"]) for each in memory] == [(True, 25.0)]


def test_an_aim_is_missed_beyond_its_bound() -> None:
    found = verdicts({"c": {"turnout": {"chunks/CPU-s": [149.0]}, "envoy": {"chunks/CPU-s": [100.0]}}})
    assert [each.reached for each in found] == [False]


def test_a_run_survives_its_json() -> None:
    run = _run(_row("turnout", 100.0))
    assert msgspec.json.decode(msgspec.json.encode(run), type=Run) == run
