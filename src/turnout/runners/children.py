"""The parent's children: started, watched, started again when they die, and ended in order."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

log = logging.getLogger("turnout.runners")

CALM = 5.0
"""Seconds: a child that lived this long starts again at once when it dies; one that did not waits longer each time."""
PAUSES = (0.0, 0.1, 0.2, 0.5, 1.0, 2.0)


class Child:
    """One supervised process: `python -m turnout.runners.<module> <arguments>`.

    `prepare` runs before each start and gives the arguments and the descriptors of that start; the parent's copies of
    the descriptors are closed once the child has them. `died` runs after each death that `stop` did not ask for.
    `environment` is what it gets besides the parent's, which goes before.
    """

    def __init__(
        self,
        name: str,
        module: str,
        arguments: Sequence[str],
        *,
        prepare: Callable[[], tuple[Sequence[str], Sequence[int]]] | None = None,
        died: Callable[[int], None] | None = None,
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.name = name
        self.process: asyncio.subprocess.Process | None = None
        self.starts = 0
        self._command = [sys.executable, "-m", f"turnout.runners.{module}", *arguments]
        self._prepare = prepare
        self._died = died
        self._environment = environment
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Starts the process and watches it from here on."""
        self._task = asyncio.create_task(self._supervise(), name=f"child {self.name}")

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal to the process, if there is one."""
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(number)

    def retire(self) -> None:
        """It is not started again when it ends."""
        self._stopping.set()

    async def stop(self, patience: float, ask: Callable[[], None] | None = None) -> None:
        """Asks it to end (by SIGTERM unless `ask` is given), kills it after `patience` seconds; returns when gone."""
        self._stopping.set()
        if ask is None:
            self.signal(signal.SIGTERM)
        else:
            ask()
        if self._task is None:
            return
        _, pending = await asyncio.wait([self._task], timeout=patience)
        if pending:
            log.warning("%s did not end within %.0f s: killed", self.name, patience)
            self.signal(signal.SIGKILL)
            await self._task

    async def _supervise(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            began = asyncio.get_running_loop().time()
            code = await self._run()
            if self._stopping.is_set():
                break
            lived = asyncio.get_running_loop().time() - began
            failures = 0 if lived >= CALM else failures + 1
            log.error("%s ended with %s after %.1f s: starting it again", self.name, _ending(code), lived)
            if self._died is not None:
                self._died(code)
            await asyncio.sleep(PAUSES[min(failures, len(PAUSES) - 1)])

    async def _run(self) -> int:
        extra, descriptors = self._prepare() if self._prepare is not None else ((), ())
        try:
            self.process = await asyncio.create_subprocess_exec(
                *self._command,
                *extra,
                pass_fds=tuple(descriptors),
                stdin=asyncio.subprocess.DEVNULL,
                env={**self._environment, **os.environ},
                start_new_session=True,
            )
        finally:
            for each in descriptors:
                os.close(each)
        self.starts += 1
        log.info("%s is process %d", self.name, self.process.pid)
        return await self.process.wait()


def _ending(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
