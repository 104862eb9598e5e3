"""The worker's process: how it starts and how it ends."""

import signal
from pathlib import Path

from tests.support.upstream import upstream
from tests.support.worker import get, run, until
from tests.support.worker_process import Process, Stream, worker


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
