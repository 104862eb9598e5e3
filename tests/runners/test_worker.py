"""The worker's process: how it starts and how it ends."""

import asyncio
import contextlib
import signal
from collections.abc import Callable
from pathlib import Path

from tests.support.upstream import answering, upstream
from tests.support.worker import get, run, until
from tests.support.worker_process import Process, Stream, worker
from turnout.channels import Accepting, Decoder, Message, Renew, StepAside, SteppedAside, Stop, encode


def test_it_ends_with_its_parent(tmp_path: Path) -> None:
    async def main() -> None:
        async with worker(tmp_path) as process:
            process.parent.close()
            assert await process.ended() == 0

    run(main())


def test_it_drains_when_it_is_told_to_terminate(tmp_path: Path) -> None:
    async def main() -> None:
        stream = Stream()
        async with upstream(stream.script) as up, worker(tmp_path) as process, process.client() as opened:
            await process.serve(up.address)
            await opened.send(get())
            await opened.reader.readuntil(b"1\r\na\r\n")
            assert process.process is not None
            process.process.send_signal(signal.SIGTERM)
            await until(lambda: "draining" in process.log.read_text())
            stream.go.set()
            assert await opened.reader.readuntil(b"0\r\n\r\n") == b"1\r\nb\r\n0\r\n\r\n"
            assert await process.ended() == 0

    run(main())


def test_it_does_not_start_without_the_in_flight_file(tmp_path: Path) -> None:
    async def main() -> None:
        process = Process(tmp_path)
        (tmp_path / "inflight").unlink()
        await process.start()
        assert await process.ended() == 1
        assert "inflight" in process.log.read_text()
        await process.stop()

    run(main())


def test_it_does_not_start_as_a_worker_that_there_is_not(tmp_path: Path) -> None:
    async def main() -> None:
        process = Process(tmp_path)
        await process.start(number=2)
        assert await process.ended() == 2
        assert "no worker 2 among 2" in process.log.read_text()
        await process.stop()

    run(main())


def heard(process: Process) -> Callable[[], list[Message]]:
    """What the worker has told its parent so far."""
    messages: list[Message] = []
    decoder = Decoder()
    process.parent.setblocking(False)

    def listen() -> list[Message]:
        with contextlib.suppress(BlockingIOError):
            messages.extend(decoder.feed(process.parent.recv(65536)))
        return messages

    return listen


def test_it_tells_when_it_accepts_and_when_it_is_to_be_renewed(tmp_path: Path) -> None:
    async def main() -> None:
        async with upstream(answering()) as up, worker(tmp_path) as process:
            told = heard(process)
            await process.serve(up.address)
            await until(lambda: told() == [Accepting()])
            assert (await process.ask()).status == 200
            assert process.process is not None
            process.process.send_signal(signal.SIGHUP)
            await until(lambda: told() == [Accepting(), Renew()])
            assert (await process.ask()).status == 200

    run(main())


def test_one_that_steps_aside_serves_on_and_leaves_its_column_alone(tmp_path: Path) -> None:
    async def main() -> None:
        stream = Stream()
        async with upstream(stream.script) as up, worker(tmp_path) as process, process.client() as opened:
            told = heard(process)
            await process.serve(up.address)
            await opened.send(get())
            await until(lambda: process.in_flight() == 1)
            process.parent.sendall(encode(StepAside()))
            await until(lambda: SteppedAside() in told())
            assert process.in_flight() == 0
            asked = asyncio.create_task(process.ask())
            await until(lambda: len(up.received) == 2)
            assert process.in_flight() == 0
            stream.go.set()
            assert (await asked).body == b"ab"
            assert (await opened.read()).body == b"ab"
            assert process.in_flight() == 0

    run(main())


def test_the_last_word_on_how_long_it_may_drain_counts(tmp_path: Path) -> None:
    async def main() -> None:
        stream = Stream()
        async with (
            upstream(stream.script) as up,
            worker(tmp_path, drain=0.05) as process,
            process.client() as opened,
        ):
            await process.serve(up.address)
            await opened.send(get())
            await opened.reader.readuntil(b"1\r\na\r\n")
            process.parent.sendall(encode(Stop(0, 600.0)))
            await until(lambda: "draining" in process.log.read_text())
            await asyncio.sleep(0.3)
            assert process.in_flight() == 1
            process.parent.sendall(encode(Stop()))
            assert await opened.ended()
            assert await process.ended() == 0

    run(main())
