import json
import os
import pty
import subprocess
import sys
from contextlib import closing

import pytest
import yaml

from tests.support.api import NAMESPACE, ApiClient
from tests.support.objects import pool
from tests.support.real_api import RealApi
from tests.support.rollout_objects import Stored, run, status


def watching(api: RealApi, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "turnout", "rollout", "get", *arguments, "-w", "--api", api.url]


def test_a_rollout_is_shown_with_its_pools(api: RealApi, stored: Stored) -> None:
    with closing(ApiClient(api.port)) as client:
        path = "/apis/inference.networking.k8s.io/v1/namespaces/default/inferencepools"
        assert client.post(path, pool("llama-a100")).code == 201
    stored.create("shown")
    stored.tell("shown", status())
    result = run(api.url, "get", "shown")
    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert lines[:3] == [
        "Name:            shown",
        "Namespace:       default",
        "Status:          ◌ Progressing (AnalysisRunning)",
    ]
    stable, candidate = lines[-1].split(), lines[-3].split()
    assert stable[:5] == ["└──⧉", "llama-a100", "InferencePool", "✔", "Ready"]
    assert stable[5].endswith("s"), "the pool has an age"
    assert candidate[6] == "-", "a pool that is not there has none"


@pytest.mark.parametrize(("form", "read"), [("yaml", yaml.safe_load), ("json", json.loads)])
def test_the_object_itself_can_be_had(api: RealApi, stored: Stored, form: str, read: object) -> None:
    stored.create(f"as-{form}")
    assert callable(read)
    document = read(run(api.url, "get", f"as-{form}", "-o", form).stdout)
    assert (document["kind"], document["metadata"]["name"]) == ("InferenceRollout", f"as-{form}")
    assert "managedFields" not in document["metadata"]


def test_a_watch_prints_a_line_for_each_change_that_shows(api: RealApi, stored: Stored) -> None:
    stored.create("followed")
    with subprocess.Popen(watching(api, "followed"), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "(Pending)" in process.stdout.readline()
        stored.tell("followed", status())
        assert process.stdout.readline().startswith(
            "◌ Progressing (AnalysisRunning)  step 5/11  weight 10  actual 10.2"
        )
        stored.tell("followed", {"engine": {"unseen": 1}})
        stored.tell("followed", status("Healthy", step="11/11"))
        assert process.stdout.readline().startswith("✔ Healthy (Done)  step 11/11")
        stored.delete("followed")
        assert process.stdout.readline() == "deleted\n"
    assert process.returncode == 0


def test_a_watch_of_the_object_prints_each_of_its_states(api: RealApi, stored: Stored) -> None:
    stored.create("stream")
    with subprocess.Popen(watching(api, "stream", "-o", "yaml"), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "---\n"
        stored.tell("stream", status())
        stored.delete("stream")
        documents = list(yaml.safe_load_all(process.stdout.read()))
    assert [document.get("status", {}).get("phase") for document in documents] == [None, "Progressing"]


def test_a_watch_on_a_terminal_draws_the_tree_anew(api: RealApi, stored: Stored) -> None:
    stored.create("drawn")
    stored.tell("drawn", status())
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100", "LINES": "50"}
    process = subprocess.Popen(watching(api, "drawn"), stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    try:
        assert "└──⧉ llama-a100" in read_until(ours, "90%")
        stored.tell("drawn", status("Paused"))
        assert "॥ Paused (UserPause)" in read_until(ours, "90%")
        stored.delete("drawn")
        read_until(ours, "deleted")
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def read_until(terminal: int, text: str) -> str:
    """What the terminal showed up to `text`; the test's own timeout is the limit."""
    shown = b""
    while text.encode() not in shown:
        shown += os.read(terminal, 65536)
    return shown.decode()


def test_a_server_that_comes_back_is_watched_on(stored: Stored, api: RealApi) -> None:
    with RealApi() as other, closing(Stored(other.port)) as elsewhere:
        with closing(ApiClient(other.port)) as client:
            assert client.post("/api/v1/namespaces", NAMESPACE).code == 201
        elsewhere.create("kept")
        with subprocess.Popen(watching(other, "kept"), stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert "(Pending)" in process.stdout.readline()
            other.kill()
            other.start()
            assert process.stdout.readline() == "deleted\n", "it keeps nothing, and was asked again"
        assert process.returncode == 0


def test_what_is_not_there_is_said(api: RealApi) -> None:
    result = run(api.url, "get", "none")
    assert result.exit_code == 1
    assert 'Error from server (NotFound): inferencerollouts.turnout.dev "none" not found' in result.stderr
