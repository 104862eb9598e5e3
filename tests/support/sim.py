"""Real `turnout sim` processes for tests."""

import asyncio
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

DEADLINE = 20.0


class Sim:
    """`turnout sim` as a process of its own, on free ports that stay the same over restarts.

    A context manager, plain or async: it is ready inside, and gone behind.
    """

    def __init__(
        self,
        model: str = "llama",
        *,
        count: int = 1,
        loras: Sequence[str] = (),
        faults: Sequence[str] = (),
        profile: str = "",
        seed: int = 0,
        port: int = 0,
    ) -> None:
        self.model = model
        self.count = count
        self.loras = tuple(loras)
        self.faults = tuple(faults)
        self.profile = profile
        self.seed = seed
        self.ports: tuple[int, ...] = ()
        self.ready_line = ""
        self._first = port
        self._process: subprocess.Popen[str] | None = None

    @property
    def process(self) -> subprocess.Popen[str]:
        assert self._process is not None, "the simulated servers have not been started"
        return self._process

    @property
    def port(self) -> int:
        """The first port."""
        return self.ports[0]

    @property
    def address(self) -> str:
        """`IP:PORT` of the first server."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """The first server's root, without a slash at its end."""
        return f"http://{self.address}"

    def start(self) -> None:
        """Starts the process and waits until it listens. Starts on the same ports each time."""
        command = [sys.executable, "-m", "turnout", "sim", "--port", str(self._first), "--count", str(self.count)]
        command += ["--model", self.model, "--seed", str(self.seed)]
        command += [each for lora in self.loras for each in ("--lora", lora)]
        command += [each for fault in self.faults for each in ("--fault", fault)]
        command += ["--profile", self.profile] if self.profile else []
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            self.ready_line = self._read_ready()
        except BaseException:
            self.kill()
            raise
        ports = self.ready_line.rpartition("ports=")[2]
        first, last = (int(part) for part in ports.split("-"))
        self.ports = tuple(range(first, last + 1))
        self._first = first

    def kill(self) -> None:
        """SIGKILL: the servers are gone without a word."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        return self._end(signal.SIGTERM)

    def wait(self) -> int:
        """Waits for the process to end by itself; the exit code."""
        code = self.process.wait(DEADLINE)
        self._close()
        return code

    def restart(self, *, faults: Sequence[str] | None = None) -> None:
        """Starts anew on the same ports, with other faults if some are given, even none."""
        self.kill()
        if faults is not None:
            self.faults = tuple(faults)
        self.start()

    def _end(self, number: int) -> int:
        process = self.process
        if process.poll() is None:
            process.send_signal(number)
        try:
            code = process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(DEADLINE)
            raise
        finally:
            self._close()
        return code

    def _close(self) -> None:
        if self.process.stdout is not None:
            self.process.stdout.close()

    def _read_ready(self) -> str:
        stdout = self.process.stdout
        assert stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            if not selector.select(DEADLINE):
                raise TimeoutError(f"turnout sim was not ready within {DEADLINE:g} s")
        line = stdout.readline()
        if not line.startswith("ready "):
            raise RuntimeError(f"turnout sim ended with code {self.process.wait(DEADLINE)} before it was ready")
        return line.rstrip("\n")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._end(signal.SIGKILL)

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self.start)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.__exit__, kind, error, trace)


def until(deadline: float = DEADLINE) -> "Deadline":
    """For loops that poll: `for _ in until(): ...` ends in a TimeoutError, never in silence."""
    return Deadline(deadline)


class Deadline:
    """Yields every 10 ms until the time is up, then raises TimeoutError."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._ends = time.monotonic() + seconds
        self._first = True

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> None:
        if time.monotonic() > self._ends:
            raise TimeoutError(f"not within {self._seconds:g} s")
        if not self._first:
            time.sleep(0.01)
        self._first = False
