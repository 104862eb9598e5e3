"""The processes of a demo: simulated model servers and a gateway, each a `turnout` command of its own."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

START_SECONDS = 60.0


class DemoError(Exception):
    """A part of the demo did not start or went away; the text says which."""


class Servers:
    """The simulated servers of one pool, on ports that stay the same when they are started anew."""

    def __init__(self, name: str, model: str, count: int, folder: Path) -> None:
        self.ports: tuple[int, ...] = ()
        self._name = name
        self._model = model
        self._count = count
        self._folder = folder
        self._running: contextlib.AsyncExitStack | None = None

    async def start(self, faults: Sequence[str] = ()) -> None:
        """Starts them, or starts them anew with other faults."""
        await self.stop()
        first = self.ports[0] if self.ports else 0
        arguments = ["sim", "--port", str(first), "--count", str(self._count), "--model", self._model]
        for fault in faults:
            arguments += ["--fault", fault]
        stack = contextlib.AsyncExitStack()
        line = await stack.enter_async_context(_process(f"servers-{self._name}", arguments, self._folder))
        low, _, high = line["ports"].partition("-")
        self.ports = tuple(range(int(low), int(high or low) + 1))
        self._running = stack

    async def stop(self) -> None:
        """Ends them."""
        if self._running is not None:
            await self._running.aclose()
            self._running = None


@contextlib.asynccontextmanager
async def gateway(folder: Path, manifest: Path) -> AsyncIterator[tuple[str, str]]:
    """A gateway of one worker, where the split is exact; gives the URLs of the gateway and of its API."""
    free = "127.0.0.1:0"
    where = ("--gateway", free, "--api", free, "--state", "memory", "--workers", "1")
    async with _process("up", ("up", *where, "-f", str(manifest)), folder) as line:
        yield line["gateway"], line["api"]


@contextlib.asynccontextmanager
async def _process(name: str, arguments: Sequence[str], folder: Path) -> AsyncIterator[dict[str, str]]:
    """A `turnout` command while the body runs; gives the `key=value` words of its `ready` line."""
    log = folder / f"{name}.log"
    with log.open("ab") as stderr:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "turnout", *arguments, stdout=asyncio.subprocess.PIPE, stderr=stderr
        )
    assert process.stdout is not None
    try:
        try:
            async with asyncio.timeout(START_SECONDS):
                line = (await process.stdout.readline()).decode()
        except TimeoutError as error:
            raise DemoError(f"{name} was not ready within {START_SECONDS:.0f} s; see {log}") from error
        if not line.startswith("ready "):
            raise DemoError(f"{name} did not start; its log ends: {log.read_text()[-1000:].strip()}")
        yield dict(word.split("=", 1) for word in line.split()[1:])
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
