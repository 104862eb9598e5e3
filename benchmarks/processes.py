"""Process trees: started on one core, measured, paused while others have their turn, ended by id."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

PROXY_CORE = 0
OTHER_CORE = 1
"""Upstream and load run here, so that they cannot take the proxy's time."""


PATIENCE = 60.0
"""Seconds after which a load that does not begin is said to fail."""
CALM = 0.05
"""CPU seconds in a second of who has nothing to do."""


class MissingError(Exception):
    """Something that a part of the benchmark needs is not on this machine; the text says what."""


class FailedError(Exception):
    """A measurement came to nothing; the text says why."""


class Tree:
    """One command and everything that it starts, on one core. Use as a context manager: it ends them all."""

    def __init__(self, command: Sequence[str], log: Path, core: int, env: dict[str, str] | None = None) -> None:
        taskset = shutil.which("taskset")
        if taskset is None:
            raise MissingError("taskset (Debian package util-linux)")
        self._log = log.open("wb")
        self.process = subprocess.Popen(
            [taskset, "-c", str(core), *command],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
            start_new_session=True,
        )
        self._root = psutil.Process(self.process.pid)
        self.log = log

    def require(self) -> None:
        """Raises FailedError if it has ended."""
        if (code := self.process.poll()) is not None:
            raise FailedError(f"ended with {code}; the log says: {self.log.read_text(errors='replace')[-300:]}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def members(self) -> list[psutil.Process]:
        """All that live."""
        try:
            return [self._root, *self._root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def cpu_seconds(self, *commands: str) -> float:
        """CPU time of the tree so far, user and system, ended children included.

        With `commands`: of those processes alone whose command line has one of them.
        """
        total = 0.0
        for each in self.members():
            with contextlib.suppress(psutil.NoSuchProcess):
                if commands and not any(one in each.cmdline() for one in commands):
                    continue
                times = each.cpu_times()
                total += times.user + times.system + times.children_user + times.children_system
        return total

    def memory(self) -> int:
        """Bytes that belong to the tree alone (unique set size)."""
        total = 0
        for each in self.members():
            with contextlib.suppress(psutil.NoSuchProcess):
                total += each.memory_full_info().uss
        return total

    def pause(self) -> None:
        """Stops the tree where it is."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Lets it run on."""
        self._signal(signal.SIGCONT)

    def end(self) -> None:
        """SIGTERM, then SIGKILL for what is left after 10 s."""
        members = self.members()
        self.resume()
        for each in members[:1]:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.terminate()
        _, left = psutil.wait_procs(members, timeout=10)
        for each in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()
        self.process.wait()
        self._log.close()

    def _signal(self, number: signal.Signals) -> None:
        for each in self.members():
            with contextlib.suppress(psutil.NoSuchProcess):
                each.send_signal(number)


def busy_seconds(core: int) -> float:
    """What this core has worked since the machine's start, for whomever."""
    times = psutil.cpu_times(percpu=True)[core]
    return float(times.user + times.nice + times.system + times.irq + times.softirq)


def await_calm(tree: Tree, *commands: str, seconds: float = 120.0) -> None:
    """Returns when these processes of the tree have done next to nothing for a second. Raises MissingError if never."""
    end = time.monotonic() + seconds
    before = tree.cpu_seconds(*commands)
    while time.monotonic() < end:
        time.sleep(1.0)
        before, used = (now := tree.cpu_seconds(*commands)), now - before
        if used < CALM:
            return
    raise MissingError(f"no calm; the log says: {tree.log.read_text(errors='replace')[-600:]}")


def free_ports(count: int) -> list[int]:
    """So many different ones, below the range that clients' own ports come from."""
    found: list[int] = []
    for port in range(20_000, 32_000):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            found.append(port)
        if len(found) == count:
            return found
    raise MissingError(f"{count} free ports")


def await_warm(load: Tree) -> None:
    """Returns once the load has said that it is warm. Raises FailedError when it ends or takes too long."""
    end = time.monotonic() + PATIENCE
    while b"warm" not in load.log.read_bytes():
        load.require()
        if time.monotonic() > end:
            raise FailedError(f"the load has not begun after {PATIENCE:.0f} s")
        time.sleep(0.01)


def await_answer(port: int, request: bytes, tree: Tree, seconds: float = 60.0) -> None:
    """Returns when `request` is answered with a 200. Raises MissingError with the log's end if it never is."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and tree.process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 2) as connection:
            connection.settimeout(10)
            connection.sendall(request)
            if b" 200 " in connection.recv(4096).split(b"\r\n", 1)[0]:
                return
        time.sleep(0.1)
    raise MissingError(f"no answer; the log says: {tree.log.read_text(errors='replace')[-600:]}")
