import json
import subprocess
import sys

from tests.support.real_api import RealApi
from tests.support.rollout_objects import ACTION, Answering, Stored


def waiting(api: RealApi, name: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "turnout", "rollout", "pause", name, "--api", api.url, "--timeout", "60s"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_an_action_of_another_ends_the_wait(api: RealApi, stored: Stored) -> None:
    stored.create("contested")
    other = {"metadata": {"annotations": {ACTION: json.dumps({"id": "other", "verb": "abort"})}}}
    with waiting(api, "contested") as process:
        asked_for(api, "contested")
        stored.patch("contested", other)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "another action, `abort`, came before an answer" in errors


def test_a_deletion_ends_the_wait(api: RealApi, stored: Stored) -> None:
    stored.create("doomed")
    with waiting(api, "doomed") as process:
        asked_for(api, "doomed")
        stored.delete("doomed")
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "error: doomed was deleted before an answer came" in errors


def asked_for(api: RealApi, name: str) -> None:
    """Returns when the action is on the object, and no answer to it."""
    with Answering(api.port, name) as controller:
        pass
    assert controller.action["verb"] == "pause"
