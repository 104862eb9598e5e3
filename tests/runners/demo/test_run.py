"""The demo itself, with short steps: real servers, a real gateway, real clients."""

import asyncio
import io
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from turnout.runners.demo.run import run
from turnout.runners.demo.scenario import SCENARIOS

pytestmark = pytest.mark.e2e

SHORT = 1.5


def test_traffic_moves_over_and_back_and_no_stream_breaks(tmp_path: Path) -> None:
    scenario = SCENARIOS["weights"]
    steps = tuple(msgspec.structs.replace(step, seconds=SHORT) for step in scenario.steps)

    report = asyncio.run(
        run(msgspec.structs.replace(scenario, steps=steps, servers=1), Console(file=io.StringIO()), tmp_path)
    )

    assert (report.result, report.errors, report.broken_streams) == ("RolledBack", 0, 0)
    assert [step.weights for step in report.steps] == [(90, 10), (50, 50), (0, 100), (100, 0)]
    assert all(abs(step.deviation) <= 4 for step in report.steps), report.steps
    assert report.streams_open_at_rollback >= scenario.long_streams


def test_the_report_as_json_has_the_fields_that_scripts_read(tmp_path: Path) -> None:
    scenario = SCENARIOS["weights"]
    steps = tuple(msgspec.structs.replace(step, seconds=0.5) for step in scenario.steps)
    short = msgspec.structs.replace(scenario, steps=steps, servers=1, long_streams=2)

    fields = msgspec.json.decode(msgspec.json.encode(asyncio.run(run(short, Console(file=io.StringIO()), tmp_path))))

    assert {"requests", "errors", "brokenStreams", "steps", "firstEffectMs", "lastOldMs", "result"} <= fields.keys()
    assert {"weights", "observed", "requests"} <= fields["steps"][0].keys()
