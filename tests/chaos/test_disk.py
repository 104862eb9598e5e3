"""No room under the store: writes are refused, reads and traffic go on, and writes are taken when there is room."""

import contextlib
import json
import os
import resource
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError

import pytest

from tests.support.chaos import Load, get, moved, note, patch, rounds, told, written
from tests.support.sim import Sim
from tests.support.system import System, system, until

pytestmark = pytest.mark.e2e

ROUTE = "apis/gateway.networking.k8s.io/v1/namespaces/default/httproutes/route"
LARGE = "x" * 100_000
"""Larger than what SQLite's write-ahead log may still have free."""


@contextmanager
def running(folder: Path, state: Path) -> Iterator[System]:
    with Sim("m") as old, Sim("m") as new:
        objects = written(folder, {"old": [old.port], "new": [new.port]}, old=1, new=0)
        with system(folder, "--workers", "1", "-f", str(objects), state=str(state)) as up:
            until(lambda: moved(up, old=1, new=0))
            yield up


def refused(up: System, number: int) -> tuple[int, str]:
    """What the API says to a write: its code and the message of its Status."""
    with pytest.raises(HTTPError) as answer:
        patch(up, {"metadata": {"annotations": {"round": f"{number}", "filler": LARGE}}})
    status = json.loads(answer.value.read())
    assert (status["kind"], status["status"], status["code"]) == ("Status", "Failure", answer.value.code)
    return answer.value.code, status["message"]


def endures(up: System, what: str, expected: int, fill: Callable[[], object], free: Callable[[], object]) -> None:
    api = up.child("api")
    for number, _ in enumerate(rounds(up)):
        with Load(up) as load:
            fill()
            try:
                stored = json.loads(get(f"{up.api}/{ROUTE}"))
                code, message = refused(up, number)
                assert code == expected, message
                assert json.loads(get(f"{up.api}/{ROUTE}")) == stored
            finally:
                free()
            began = time.monotonic()
            until(lambda: moved(up, old=0, new=1))
            took = time.monotonic() - began
        assert {each for each, _ in load.seen} == {200}, load.seen
        assert api.is_running()
        note(what, f"traffic: {told(load.seen)}; a write: {code} {message}", "a write moves traffic", took)
        assert moved(up, old=1, new=0)


def test_a_limit_on_files_refuses_writes_with_a_status_and_stops_nothing_else(tmp_path: Path) -> None:
    with running(tmp_path, tmp_path / "state") as up:
        api = up.child("api")
        endures(
            up,
            "no room for the store's file",
            500,  # what SQLite tells of it is that writing failed
            lambda: api.rlimit(resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY)),
            lambda: api.rlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)),
        )


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)]
    if os.geteuid() or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("a file system can be mounted by root alone")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_refuses_writes_with_a_status_and_stops_nothing_else(tmp_path: Path, small_disk: Path) -> None:
    filler = small_disk / "filler"

    def fill() -> None:
        with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):  # no space left
            while True:
                file.write(b"x" * 4096)
        assert os.statvfs(small_disk).f_bavail == 0

    with running(tmp_path, small_disk / "state") as up:
        endures(up, "the store's disk is full", 507, fill, filler.unlink)
