import subprocess
import sys

import pytest

from tests.support.real_api import RealApi
from tests.support.rollout_objects import Stored, run, status


@pytest.mark.parametrize(("phase", "code"), [("Healthy", 0), ("Degraded", 1), ("Progressing", 2), ("Paused", 3)])
def test_the_phase_is_the_exit_code(api: RealApi, stored: Stored, phase: str, code: int) -> None:
    name = f"status-{phase.lower()}"
    stored.create(name)
    stored.tell(name, status(phase))
    result = run(api.url, "status", name)
    assert result.exit_code == code
    assert f"{phase} (" in result.stdout


@pytest.mark.parametrize(("phase", "code"), [("Healthy", 0), ("Degraded", 1), ("Paused", 3)])
def test_a_watch_ends_with_the_progress(api: RealApi, stored: Stored, phase: str, code: int) -> None:
    name = f"watch-{phase.lower()}"
    stored.create(name)
    stored.tell(name, status())
    command = [sys.executable, "-m", "turnout", "rollout", "status", name, "-w", "-t", "60s", "--api", api.url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "Progressing" in process.stdout.readline()
        stored.tell(name, status(phase))
        assert phase in process.stdout.readline()
    assert process.returncode == code


def test_a_watch_that_takes_too_long_exits_2(api: RealApi, stored: Stored) -> None:
    stored.create("slow")
    stored.tell("slow", status())
    result = run(api.url, "status", "slow", "-w", "--timeout", "100ms")
    assert result.exit_code == 2
    assert result.stderr == "error: slow is still in progress after 100ms\n"


def test_the_outcome_of_an_older_spec_is_not_waited_for(api: RealApi, stored: Stored) -> None:
    stored.create("changed")
    stored.tell("changed", status("Healthy"))
    stored.patch("changed", {"spec": {"candidate": {"name": "llama-b200"}}})
    result = run(api.url, "status", "changed", "-w", "--timeout", "100ms")
    assert result.exit_code == 2
    assert "SpecChanged" in result.stdout


def test_a_rollout_that_is_deleted_never_gets_there(api: RealApi, stored: Stored) -> None:
    stored.create("dropped")
    command = [sys.executable, "-m", "turnout", "rollout", "status", "dropped", "-w", "--api", api.url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "Pending" in process.stdout.readline()
        stored.delete("dropped")
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (1, "error: dropped was deleted\n")


def test_what_is_not_there_has_no_status(api: RealApi) -> None:
    result = run(api.url, "status", "none", "-w")
    assert result.exit_code == 1
    assert "Error from server (NotFound)" in result.stderr


def test_a_limit_without_a_wait_is_a_usage_error(api: RealApi) -> None:
    assert run(api.url, "status", "none", "--timeout", "5s").exit_code == 2
