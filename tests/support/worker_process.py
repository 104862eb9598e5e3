"""A real worker process, with the test as its parent, controller and scraper."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.upstream import Conversation
from tests.support.worker import Answer, Client, Peer, get, states, table, until
from turnout.channels import Acknowledged, Listen, Report, encode
from turnout.channels.inflight import InflightFile


class Process:
    """A worker and everyone around it. `port` is a socket that the parent keeps."""

    def __init__(self, folder: Path) -> None:
        self.controller = Peer(folder / "controller.sock")
        self.scraper = Peer(folder / "scraper.sock")
        self.inflight = InflightFile.create(folder / "inflight", 2)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.log = folder / "log"
        self._folder = folder
        self.parent, self._theirs = socket.socketpair()
        self.process: asyncio.subprocess.Process | None = None

    async def start(self, drain: float = 20.0, number: int = 1) -> None:
        """Starts it, with the listening socket waiting for it."""
        socket.send_fds(self.parent, [encode(Listen(self.port))], [self.listener.fileno()])
        await self.controller.start()
        await self.scraper.start()
        with self.log.open("w") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "turnout.runners.worker",
                *("--number", str(number), "--workers", "2", "--run", str(self._folder)),
                *("--control-fd", str(self._theirs.fileno()), "--drain-seconds", str(drain)),
                pass_fds=[self._theirs.fileno()],
                stderr=log,
            )
        self._theirs.close()

    async def serve(self, address: str) -> None:
        """Table 1 with one pool, `a`, and its endpoint."""
        self.scraper.say(states(a=address))
        self.controller.publish(1, table({"a": 1}, port=self.port))
        await until(lambda: self.controller.of(Acknowledged))

    async def ended(self) -> int:
        """The exit code."""
        assert self.process is not None
        return await asyncio.wait_for(self.process.wait(), 20)

    async def stop(self) -> None:
        """Ends what is left."""
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()
        self.controller.stop()
        self.scraper.stop()
        self.parent.close()
        self.listener.close()
        self.inflight.close()

    def requests(self) -> int:
        """How many the reports counted."""
        return sum(each.requests for report in self.controller.of(Report) for each in report.counts)

    def in_flight(self) -> int:
        """Over all workers."""
        return sum(map(self.inflight.total, range(4)))

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Client]:
        """A connection to it."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield Client(reader, writer)
        finally:
            writer.close()

    async def ask(self, raw: bytes = b"") -> Answer:
        """The answer to one request on a connection of its own."""
        async with self.client() as opened:
            await opened.send(raw or get())
            return await asyncio.wait_for(opened.read(), 10)


@asynccontextmanager
async def worker(folder: Path, drain: float = 20.0) -> AsyncIterator[Process]:
    """A started worker; its log is shown when the test fails."""
    made = Process(folder)
    try:
        await made.start(drain)
        await until(lambda: made.controller.writers and made.scraper.writers)
        yield made
    except BaseException:
        print(made.log.read_text())
        raise
    finally:
        await made.stop()
    assert "Traceback" not in made.log.read_text()


class Stream:
    """A server whose answers wait in the middle until `go` is set."""

    def __init__(self) -> None:
        self.go = asyncio.Event()

    async def script(self, conversation: Conversation) -> None:
        while True:
            await conversation.request()
            await conversation.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n")
            await self.go.wait()
            await conversation.send(b"1\r\nb\r\n0\r\n\r\n")
