"""A rollout's counts, out of the access log alone."""

import json
from collections import Counter
from collections.abc import Hashable, Iterable
from math import log
from pathlib import Path

import pytest

from tests.proxy.test_observation import CHAT, GOOD, body, streaming, whole
from tests.support.upstream import answering, upstream
from tests.support.watching import Told, watched
from tests.support.worker import ask, gateway, post, run
from turnout.judge import Evidence, Tally, log_harm, observed
from turnout.proxy.reports import Reports
from turnout.telemetry.access_log import AccessLog

Place = tuple[str, int, str, str, str]
"""Rollout, epoch, arm, metric, stratum."""


def replayed(place: Path) -> tuple[Counter[Place], Counter[Place], list[tuple[str, str]]]:
    """Requests judged and requests that missed, and the arm and metric of each miss in turn."""
    judged: Counter[Place] = Counter()
    missed: Counter[Place] = Counter()
    each_miss: list[tuple[str, str]] = []
    for text in place.read_text().splitlines():
        line = json.loads(text)
        for metric in (*line["hits"], *line["misses"]):
            judged[line["rollout"], line["epoch"], line["role"], metric, line["stratum"]] += 1
        for metric in line["misses"]:
            missed[line["rollout"], line["epoch"], line["role"], metric, line["stratum"]] += 1
            each_miss.append((line["role"], metric))
    return judged, missed, each_miss


def test_the_lines_alone_give_the_counts_and_misses_that_the_controller_is_told(tmp_path: Path) -> None:
    scripts = [streaming(*GOOD), streaming(*GOOD[:2], cut=True), whole(""), answering(b"no", status="500 No")]
    log = AccessLog(str(tmp_path / "log"), 0, 1.0)
    reports = Reports(log)

    async def main() -> Told:
        split = watched({"stable": 1, "candidate": 1}, epoch=7, strata=("promptLength",))
        async with upstream(scripts[0]) as good, gateway({"stable": [good.address]}, routing_table=split) as served:
            told = Told(served.state.observer)
            for script in scripts:
                async with upstream(script) as bad:
                    served.endpoints({"stable": [good.address], "candidate": [bad.address]})
                    for number in range(6):
                        asked = body(stream=number % 2 == 0, user="x" * 700 * number)
                        await ask(served, post(asked, path=CHAT), "POST")
            for record in served.records:
                reports.add(record)
            return told.listen()

    told = run(main())
    reports.digest()
    log.close(10.0)
    judged, missed, each_miss = replayed(tmp_path / "log")

    places = {(each.rollout, each.epoch, each.arm, each.metric, each.stratum): each for each in told.arms}
    assert judged == {place: each.units for place, each in places.items()}
    assert missed == {place: each.misses for place, each in places.items() if each.misses}
    assert sorted(each_miss) == sorted((each.arm, each.metric) for each in told.misses)
    assert {place[3] for place in missed} >= {"errors", "broken", "empty"}
    assert len({place[4] for place in judged}) > 1
    assert {place[1] for place in judged} == {7}


def test_a_request_that_nobody_watches_has_no_verdicts(tmp_path: Path) -> None:
    log = AccessLog(str(tmp_path / "log"), 0, 1.0)
    reports = Reports(log)

    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address]}) as served:
            await ask(served, post(b"{}", path=CHAT), "POST")
            reports.add(served.records[0])

    run(main())
    reports.digest()
    log.close(10.0)
    line = json.loads((tmp_path / "log").read_text())
    assert (line["rollout"], line["hits"], line["misses"]) == ("", [], [])


def harm(misses: Iterable[tuple[str, float, Hashable]]) -> float:
    """Log e against the candidate, out of the arm, the candidate's share and the unit of each miss."""
    first: dict[Hashable, Tally] = {}
    for arm, share, unit in misses:
        first.setdefault(unit, Tally(share, int(arm == "candidate"), int(arm == "stable")))
    return log_harm(observed(Evidence(), first.values()))


def missed(place: Path, metric: str) -> list[tuple[str, float, Hashable]]:
    """As `harm` takes it, out of the lines."""
    found: list[tuple[str, float, Hashable]] = []
    for line in map(json.loads, place.read_text().splitlines()):
        if metric in line["misses"]:
            share = line["weight"] / line["weightTotal"]
            found.append((line["role"], share if line["role"] == "candidate" else 1.0 - share, line["unit"]))
    return found


def test_the_lines_alone_give_the_verdict_that_the_judge_comes_to(tmp_path: Path) -> None:
    log_file = AccessLog(str(tmp_path / "log"), 0, 1.0)
    reports = Reports(log_file)

    async def main() -> Told:
        split = watched({"stable": 3, "candidate": 1}, epoch=7)
        async with (
            upstream(answering(b"{}")) as good,
            upstream(answering(b"no", status="500 No")) as bad,
            gateway({"stable": [good.address], "candidate": [bad.address]}, routing_table=split) as served,
        ):
            told = Told(served.state.observer)
            for number in range(160):
                session = (f"x-session-id: s{number % 30}",) if number % 2 else ()
                await ask(served, post(body(), *session, path=CHAT), "POST")
            for record in served.records:
                reports.add(record)
            return told.listen()

    told = run(main())
    reports.digest()
    log_file.close(10.0)

    live = harm((each.arm, each.share, each.unit) for each in told.misses if each.metric == "errors")
    assert live > log(1 / 0.05)
    assert harm(missed(tmp_path / "log", "errors")) == pytest.approx(live)
