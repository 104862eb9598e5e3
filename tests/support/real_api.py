"""The embedded API as a process, on a socket that outlives it, as under `turnout up`."""

import http.client
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

START_SECONDS = 30.0


class RealApi:
    """`with RealApi(folder) as api: api.url`. Without a folder it keeps nothing. Ends what it started."""

    def __init__(self, state: Path | None = None) -> None:
        self._state = str(state) if state is not None else "memory"
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._process: subprocess.Popen[bytes] | None = None
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        self._socket.close()

    def start(self) -> None:
        """Starts the process; returns when it answers."""
        descriptor = os.dup(self._socket.fileno())
        os.set_inheritable(descriptor, True)
        command = [sys.executable, "-m", "turnout.runners.api", "--fd", str(descriptor), "--state", self._state]
        self._process = subprocess.Popen(command, pass_fds=[descriptor], stderr=subprocess.DEVNULL)
        os.close(descriptor)
        end = time.monotonic() + START_SECONDS
        while not self._answers():
            assert self._process.poll() is None, f"the API ended with {self._process.returncode}"
            assert time.monotonic() < end, "the API does not answer"
            time.sleep(0.02)

    def kill(self) -> None:
        """Ends the process as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()
