from tests.support.real_api import RealApi
from tests.support.rollout_objects import Stored, run, status


def test_each_rollout_is_a_line(api: RealApi, stored: Stored) -> None:
    stored.create("listed")
    stored.tell("listed", status("Paused"))
    header, *rows = run(api.url, "list").stdout.splitlines()
    assert header.split() == ["NAME", "STATUS", "STEP", "SET-WEIGHT", "ACTUAL", "VERDICT", "STABLE", "CANDIDATE", "AGE"]
    (mine,) = [row.split() for row in rows if row.startswith("listed ")]
    assert mine[:-1] == ["listed", "॥", "Paused", "5/11", "10", "10.2", "Running", "llama-a100", "llama-h100"]


def test_all_namespaces_have_a_column_of_their_own(api: RealApi, stored: Stored) -> None:
    stored.create("everywhere")
    header, *rows = run(api.url, "list", "-A").stdout.splitlines()
    assert header.split()[:2] == ["NAMESPACE", "NAME"]
    assert ["default", "everywhere"] in [row.split()[:2] for row in rows]


def test_where_there_are_none_that_is_said(api: RealApi) -> None:
    result = run(api.url, "list", "-n", "bare")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "No rollouts found in bare namespace.\n"
