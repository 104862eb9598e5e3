"""The parent's children, as real processes."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable

import pytest

from turnout.runners import children
from turnout.runners.children import Child

SLEEPER = "import time; time.sleep(60)"


def child(code: str, died: Callable[[int], None] | None = None) -> Child:
    made = Child("a", "a", [], died=died)
    made._command = [sys.executable, "-c", code]
    return made


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.01)


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await test()

    asyncio.run(main())


def test_a_child_that_dies_is_started_again_and_its_death_is_told() -> None:
    deaths: list[int] = []

    async def test() -> None:
        each = child(SLEEPER, deaths.append)
        each.start()
        await until(lambda: each.process is not None)
        each.signal(signal.SIGKILL)
        await until(lambda: each.starts == 2)
        await each.stop(10)

    run(test)
    assert deaths == [-signal.SIGKILL]


def test_a_child_that_is_stopped_is_not_started_again() -> None:
    async def test() -> None:
        each = child(SLEEPER)
        each.start()
        await until(lambda: each.process is not None)
        await each.stop(10)
        assert each.starts == 1
        assert each.process is not None
        assert each.process.returncode == -signal.SIGTERM

    run(test)


def test_a_child_that_does_not_end_when_asked_is_killed() -> None:
    async def test() -> None:
        each = child(SLEEPER)
        each.start()
        await until(lambda: each.process is not None)
        await each.stop(0.05, ask=lambda: None)
        assert each.process is not None
        assert each.process.returncode == -signal.SIGKILL

    run(test)


def test_descriptors_are_handed_down_and_closed_here() -> None:
    read, write = os.pipe()
    handed = os.dup(write)

    async def test() -> None:
        each = Child("a", "a", [], prepare=lambda: ([str(handed)], [handed]))
        each._command = [
            sys.executable,
            "-c",
            "import os, sys, time; os.write(int(sys.argv[1]), b'here'); time.sleep(60)",
        ]
        each.start()
        assert await asyncio.to_thread(os.read, read, 4) == b"here"
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(handed)
        await each.stop(10)

    run(test)
    os.close(read)
    os.close(write)


def test_a_child_that_keeps_dying_waits_longer_before_each_start(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    sleep = asyncio.sleep

    async def note(seconds: float) -> None:
        pauses.append(seconds)
        await sleep(0)

    async def test() -> None:
        monkeypatch.setattr(asyncio, "sleep", note)
        each = child("raise SystemExit(3)")
        each.start()
        async with asyncio.timeout(20):
            while each.starts < 4:
                await sleep(0.01)
        await each.stop(10)

    run(test)
    assert pauses[:3] == list(children.PAUSES[1:4])
