"""Workers as the parent's children, with processes that say what a test wants in a worker's place."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from turnout.channels.inflight import InflightFile
from turnout.runners import workers as module
from turnout.runners.children import Child
from turnout.runners.serving import Serving
from turnout.runners.workers import Workers

OBEDIENT = """
import socket, sys
from turnout.channels import Accepting, Decoder, StepAside, SteppedAside, Stop, encode
control = socket.socket(fileno=int(sys.argv[sys.argv.index("--control-fd") + 1]))
control.sendall(encode(Accepting()))
decoder = Decoder()
while data := control.recv(65536):
    for message in decoder.feed(data):
        if isinstance(message, StepAside):
            control.sendall(encode(SteppedAside()))
        elif isinstance(message, Stop) and message.port == 0:
            sys.exit(0)
"""
HANGING = """
import socket, sys, time
from turnout.channels import Accepting, encode
control = socket.socket(fileno=int(sys.argv[sys.argv.index("--control-fd") + 1]))
control.sendall(encode(Accepting()))
time.sleep(60)
"""
FAILING = "raise SystemExit(3)"


class Kept:
    """Two workers, all of whom run `code`."""

    def __init__(self, folder: Path, code: str) -> None:
        self.serving = Serving("127.0.0.1", 0, 2)
        self.inflight = InflightFile.create(folder / "inflight", 2)
        self.code = code
        self.workers = Workers(self.serving, self.inflight, folder, 2, 0.0)
        make = self.workers._child

        def stand_in(number: int) -> Child:
            child = make(number)
            child._command = [sys.executable, "-c", self.code]
            return child

        self.workers._child = stand_in  # type: ignore[method-assign]  # what a worker runs is the test's
        self.workers._children = [stand_in(number) for number in range(2)]

    def accepting(self) -> bool:
        lines = self.workers._lines
        return len(lines) == 2 and all(each.accepting.is_set() for each in lines.values())

    def pids(self) -> list[int]:
        return [each.process.pid for each in self.workers._children if each.process is not None]


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def kept(folder: Path, code: str = OBEDIENT) -> AsyncIterator[Kept]:
    made = Kept(folder, code)
    made.workers.start()
    try:
        await until(made.accepting)
        yield made
    finally:
        await made.workers.stop()
        made.serving.close()
        made.inflight.close()


def test_each_worker_is_renewed_once_its_successor_accepts(tmp_path: Path) -> None:
    async def main() -> None:
        async with kept(tmp_path) as made:
            old = made.pids()
            made.workers.renew()
            made.workers.renew()  # what waits already waits once
            await until(lambda: made.workers._renewing is not None and made.workers._renewing.done())
            assert len({*old, *made.pids()}) == 4
            await until(lambda: not made.workers._leaving)

    asyncio.run(main())


def test_one_alone_is_renewed_when_it_asks_for_it(tmp_path: Path) -> None:
    async def main() -> None:
        async with kept(tmp_path) as made:
            first, second = made.pids()
            made.workers.renew([1])
            await until(lambda: made.accepting() and made.pids()[1] != second)
            assert made.pids()[0] == first

    asyncio.run(main())


def test_one_that_hangs_is_killed_and_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEARING_SECONDS", 0.1)

    async def main() -> None:
        async with kept(tmp_path, HANGING) as made:
            first, second = made.pids()
            made.inflight.column(0).add(3, 1)
            made.workers.renew([0])
            await until(lambda: made.workers._children[0].starts == 2)
            assert made.pids()[0] != first
            assert made.pids()[1] == second
            assert made.inflight.total(3) == 0
            for each in made.workers._children:
                each.retire()
                each.signal(signal.SIGKILL)

    asyncio.run(main())


def test_while_its_successor_cannot_start_a_worker_serves_on_and_the_end_reaches_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "STARTING_SECONDS", 0.2)

    async def main() -> None:
        async with kept(tmp_path) as made:
            old = made.workers._children[0]
            made.code = FAILING
            made.workers.renew([0])
            await until(lambda: "the old one serves on" in caplog.text)
            assert old.process is not None
            assert old.process.returncode is None
            assert made.workers._children[0] is not old
            await made.workers.stop()
            assert old.process.returncode == 0

    asyncio.run(main())
