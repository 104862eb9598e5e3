"""The controller as a process, which can be killed and started anew."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class ControllerProcess:
    """Runs on RUN against the API at a URL; what it logs is in RUN/controller.log."""

    def __init__(self, api: str, run: Path) -> None:
        command = [sys.executable, "-m", "turnout.runners.controller", "--api", api, "--run", str(run)]
        self._command = [*command, "--gateway-port", "8080"]
        self._log = run / "controller.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it."""
        with self._log.open("a") as log:
            self._process = subprocess.Popen(self._command, stderr=log)

    def kill(self) -> None:
        """Ends it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def controller_process(api: str, run: Path) -> Iterator[ControllerProcess]:
    """Started, and killed in the end."""
    process = ControllerProcess(api, run)
    process.start()
    try:
        yield process
    finally:
        process.kill()
