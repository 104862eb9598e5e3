"""A real `turnout up` for end-to-end tests, on free ports, keeping nothing."""

import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TypeVar

import psutil

T = TypeVar("T")
READY = re.compile(r"ready gateway=(\S+) api=(\S+) kubeconfig=(\S+)\n")


class System(NamedTuple):
    """Where it is, and its parent process."""

    gateway: str
    api: str
    kubeconfig: str
    process: "subprocess.Popen[str]"
    log: Path

    @property
    def gateway_port(self) -> int:
        return int(self.gateway.rpartition(":")[2])

    def child(self, name: str) -> psutil.Process:
        """The process of one part: `api`, `controller`, `scraper`, or `worker` (the first of them)."""
        for each in psutil.Process(self.process.pid).children():
            if f"turnout.runners.{name}" in each.cmdline():
                return each
        raise LookupError(f"no child process {name}")


@contextmanager
def system(folder: Path, *arguments: str, state: str = "memory") -> Iterator[System]:
    """Starts `turnout up` with `arguments` and ends it with SIGTERM; fails unless it then exits 0."""
    log = folder / "up.log"
    command = [
        sys.executable,
        "-m",
        "turnout",
        "up",
        "--gateway",
        "127.0.0.1:0",
        "--api",
        "127.0.0.1:0",
        "--state",
        state,
    ]
    environment = {**os.environ, "XDG_STATE_HOME": str(folder / "home")}
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [*command, *arguments], stdout=subprocess.PIPE, stderr=stderr, text=True, env=environment
        )
    try:
        gateway, api, kubeconfig = _ready(process, log)
        yield System(gateway, api, kubeconfig, process, log)
        process.terminate()
        assert process.wait(60) == 0, log.read_text()
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def _ready(process: "subprocess.Popen[str]", log: Path, seconds: float = 60.0) -> tuple[str, ...]:
    assert process.stdout is not None
    readable, _, _ = select.select([process.stdout], [], [], seconds)
    line = process.stdout.readline() if readable else ""
    found = READY.fullmatch(line)
    assert found, f"no ready line but {line!r}\n{log.read_text()}"
    return found.groups()


def until(holds: Callable[[], T], seconds: float = 30.0, pause: float = 0.02) -> T:
    """Polls until `holds` gives something true, and returns that; fails after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        value = holds()
        if value:
            return value
        assert time.monotonic() < end, f"{holds} did not hold within {seconds:.0f} s"
        time.sleep(pause)
