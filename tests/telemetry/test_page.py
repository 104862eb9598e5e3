"""The page, and the document that tells of it."""

import re
from pathlib import Path

from turnout.telemetry.exposition import render
from turnout.telemetry.page import families
from turnout.telemetry.snapshot import Server, Snapshot, Tally

DOCUMENT = Path(__file__).parents[2] / "docs" / "metrics.md"


def test_the_document_tells_every_metric_with_its_type_labels_and_meaning() -> None:
    rows = re.findall(r"^\| `(turnout_\w+)` \| (\w+) \| ([^|]*)\| (.*) \|$", DOCUMENT.read_text(), re.MULTILINE)
    told = {(name, kind, tuple(re.findall(r"`(\w+)`", labels)), meaning) for name, kind, labels, meaning in rows}
    assert told == {(each.name, each.kind, each.labels, each.meaning) for each in families(Snapshot(0.0), 0.0)}


def test_codes_of_one_arm_share_a_histogram() -> None:
    tallies = tuple(Tally("a/r", "0", "a/p", "", "m", code, "", 1, 0, 0, ({3: 1}, 0.04)) for code in (200, 500))
    page = render(families(Snapshot(0.0, tallies), 0.0))
    assert 'turnout_request_duration_seconds_count{route="a/r",rule="0",pool="a/p",role="",model="m"} 2' in page
    assert page.count("turnout_requests_total{") == 2


def test_the_oldest_look_at_a_pools_endpoints_is_told() -> None:
    servers = (
        Server("a/p", "1:1", True, 3, 0.5),
        Server("a/p", "1:2", False, 0, 2.0),
        Server("a/p", "1:3", True, 0, None),
    )
    page = render(families(Snapshot(0.0, servers=servers), 0.0))
    assert 'turnout_scrape_age_seconds{pool="a/p"} 2\n' in page
    assert 'turnout_pool_ready_endpoints{pool="a/p"} 2\n' in page
    assert 'turnout_endpoint_inflight{pool="a/p",endpoint="1:1"} 3\n' in page
