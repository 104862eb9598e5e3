"""`turnout up` as its user meets it: what it says when it cannot start, and what it leaves."""

import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.support.system import system

pytestmark = pytest.mark.e2e

SERVER = """
apiVersion: turnout.dev/v1alpha1
kind: ModelServer
metadata: {{name: {name}}}
spec: {{address: 127.0.0.1, port: {port}}}
"""
FREE = ("--gateway", "127.0.0.1:0", "--api", "127.0.0.1:0")


def up(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Runs `turnout up` that is expected to end by itself."""
    environment = {**os.environ, "XDG_STATE_HOME": str(folder)}
    command = [sys.executable, "-m", "turnout", "up", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ended = up(tmp_path, "--gateway", address, "--api", "127.0.0.1:0", "--state", "memory")

    assert ended.returncode == 1
    assert f"error: {address}: address already in use" in ended.stderr


def test_a_manifest_that_cannot_be_read_stops_it_with_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("kind: Gateway\nmetadata: {name: a\n")

    ended = up(tmp_path, *FREE, "--state", "memory", "-f", str(tmp_path / "bad.yaml"))

    assert ended.returncode == 1
    assert "bad.yaml:" in ended.stderr


def test_a_manifest_that_the_api_refuses_stops_it_with_the_path_of_the_field(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(SERVER.format(name="a", port=70000))

    ended = up(tmp_path, *FREE, "--state", "memory", "-f", str(tmp_path / "bad.yaml"))

    assert ended.returncode == 1
    assert "spec.port: Invalid value: 70000" in ended.stderr


def test_the_second_process_on_a_state_folder_is_told_whose_it_is(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with system(tmp_path, "--workers", "1", state=str(state)) as first:
        ended = up(tmp_path, *FREE, "--state", str(state))

        assert ended.returncode == 1
        assert f"state folder {state} is in use by process" in ended.stderr
        assert first.api in ended.stderr


def test_what_was_applied_is_there_after_a_restart(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    manifest = tmp_path / "pool.yaml"
    manifest.write_text(SERVER.format(name="kept", port=9001))
    with system(tmp_path, "--workers", "1", "-f", str(manifest), state=state):
        pass

    with system(tmp_path, "--workers", "1", state=state) as again:
        command = [sys.executable, "-m", "turnout", "get", "modelservers", "--api", again.api]
        assert "kept" in subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout


def test_nothing_answers_a_route_when_there_is_no_gateway(tmp_path: Path) -> None:

    with system(tmp_path, "--workers", "1") as running:
        with pytest.raises(urllib.error.HTTPError) as answer:
            urllib.request.urlopen(running.gateway, timeout=10)

        with answer.value:
            assert (answer.value.code, answer.value.headers["x-turnout-reason"]) == (404, "no-route")


def test_it_ends_with_its_terminal(tmp_path: Path) -> None:
    """SIGHUP renews the workers, but this one says that nobody is there any more."""
    terminal, slave = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "turnout", "up", *FREE, "--state", "memory"],
        env={**os.environ, "XDG_STATE_HOME": str(tmp_path)},
        start_new_session=True,
        preexec_fn=lambda: _at(slave),  # noqa: PLW1509 - this process has one thread
    )
    os.close(slave)
    try:
        said = b""
        while b"ready gateway=" not in said:
            said += os.read(terminal, 65536)
        os.close(terminal)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()


def _at(terminal: int) -> None:
    """In the new process: this is its terminal, and no nohup around the tests keeps it alive."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    os.login_tty(terminal)
