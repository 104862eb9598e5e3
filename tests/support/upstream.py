"""Model servers that do exactly what a test says, byte by byte."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

Script = Callable[["Conversation"], Awaitable[None]]


class Received(NamedTuple):
    """A request as the server got it. Header names are in lower case; `raw` is its head."""

    line: str
    headers: dict[str, str]
    body: bytes
    raw: bytes


class Conversation:
    """One connection, as the script sees it. Everything received is in `server.received`."""

    def __init__(self, server: "Upstream", reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.server = server
        self.number = len(server.conversations)
        self.reader = reader
        self.writer = writer

    async def head(self) -> Received:
        """The next request's head."""
        raw = await self.reader.readuntil(b"\r\n\r\n")
        line, *headers = raw[:-4].decode("latin-1").split("\r\n")
        pairs = (header.split(": ", 1) for header in headers)
        return Received(line, {name.lower(): value for name, value in pairs}, b"", raw)

    async def request(self) -> Received:
        """The next request, whole. Raises IncompleteReadError when the connection ends before."""
        head = await self.head()
        received = head._replace(body=await self._body(head.headers))
        self.server.received.append(received)
        return received

    async def rest(self, head: Received) -> bytes:
        """The body that follows `head`, whole. Raises IncompleteReadError when the connection ends before."""
        return await self._body(head.headers)

    async def send(self, *parts: bytes) -> None:
        """Sends each part by itself."""
        for part in parts:
            self.writer.write(part)
            await self.writer.drain()
            await asyncio.sleep(0)

    async def answer(self, body: bytes = b"ok", *headers: str, status: str = "200 OK") -> None:
        """A whole answer with a Content-Length."""
        lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", *headers, "", ""]
        await self.send("\r\n".join(lines).encode() + body)

    def reset(self) -> None:
        """Ends the connection with a reset or an end, whatever the kernel makes of it."""
        self.writer.transport.abort()

    async def gone(self) -> None:
        """Returns when the other side has ended the connection."""
        with contextlib.suppress(ConnectionError):
            while await self.reader.read(65536):
                pass

    async def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding") == "chunked":
            body = b""
            while size := int(await self.reader.readuntil(b"\r\n"), 16):
                body += (await self.reader.readexactly(size + 2))[:-2]
            assert await self.reader.readexactly(2) == b"\r\n"
            return body
        return await self.reader.readexactly(int(headers.get("content-length", "0")))


class Upstream:
    """A server. `conversations` are its connections, in order; a `fault` of its script fails the test."""

    def __init__(self, script: Script) -> None:
        self.received: list[Received] = []
        self.conversations: list[Conversation] = []
        self.faults: list[BaseException] = []
        self.address = ""
        self._script = script
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, port: int = 0) -> None:
        """Listens from here on."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.address = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        """Refuses connections from here on and ends those that there are."""
        assert self._server is not None
        self._server.close()
        for conversation in self.conversations:
            conversation.writer.transport.abort()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        conversation = Conversation(self, reader, writer)
        self.conversations.append(conversation)
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._script(conversation)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        except Exception as fault:  # noqa: BLE001 - it is raised where the test ends
            self.faults.append(fault)
        finally:
            self._tasks.discard(task)
            writer.close()


@asynccontextmanager
async def upstream(script: Script) -> AsyncIterator[Upstream]:
    """A server that runs `script` for every connection."""
    server = Upstream(script)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
    assert server.faults == []


def answering(body: bytes = b"ok", *headers: str, status: str = "200 OK") -> Script:
    """Answers every request of a connection alike."""

    async def script(conversation: Conversation) -> None:
        while True:
            await conversation.request()
            await conversation.answer(body, *headers, status=status)

    return script


async def refused() -> str:
    """An address at which nobody listens."""
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return f"127.0.0.1:{port}"
