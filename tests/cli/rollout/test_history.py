from tests.support.real_api import RealApi
from tests.support.rollout_objects import Stored, run, status

HISTORY = [
    {"revision": "5d9f", "pool": "llama-a100", "completionStatus": "Promoted", "finishedAt": "2023-01-01T00:00:00Z"},
    {"revision": "7c1a", "pool": "llama-h100", "completionStatus": "Aborted", "finishedAt": "2023-02-01T00:00:00Z"},
]


def test_the_newest_comes_first_and_what_is_quarantined_is_marked(api: RealApi, stored: Stored) -> None:
    stored.create("old")
    stored.tell("old", status("Degraded", history=HISTORY, quarantined=["7c1a"]))
    header, *rows = run(api.url, "history", "old").stdout.splitlines()
    assert header.split() == ["REVISION", "POOL", "RESULT", "FINISHED", "NOTE"]
    assert [row.split()[:3] for row in rows] == [["7c1a", "llama-h100", "Aborted"], ["5d9f", "llama-a100", "Promoted"]]
    assert [row.endswith(" ago   quarantined") for row in rows] == [True, False]


def test_a_first_rollout_has_no_history(api: RealApi, stored: Stored) -> None:
    stored.create("young")
    result = run(api.url, "history", "young")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "Nothing has finished yet.\n")
