"""A model server's two probe paths, on a real socket in the test's own loop, with every way to misbehave."""

import asyncio
import contextlib
from types import TracebackType
from typing import Self

HANG = b"hang"
RESET = b"reset"


def vllm_page(waiting: float = 0, running: float = 0, kv_usage: float = 0) -> bytes:
    """A page as vLLM's, with the three numbers."""
    return (
        "# HELP vllm:num_requests_waiting Number of requests waiting to be processed.\n"
        "# TYPE vllm:num_requests_waiting gauge\n"
        f'vllm:num_requests_waiting{{engine="0",model_name="m"}} {float(waiting)}\n'
        "# HELP vllm:num_requests_running Number of requests in model execution batches.\n"
        "# TYPE vllm:num_requests_running gauge\n"
        f'vllm:num_requests_running{{engine="0",model_name="m"}} {float(running)}\n'
        "# HELP vllm:kv_cache_usage_perc KV-cache usage.\n"
        "# TYPE vllm:kv_cache_usage_perc gauge\n"
        f'vllm:kv_cache_usage_perc{{engine="0",model_name="m"}} {float(kv_usage)}\n'
    ).encode()


def answer(status: int, body: bytes = b"", *headers: str) -> bytes:
    """A whole answer."""
    head = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(head).encode() + body


class ModelServer:
    """Answers `/health` with `health`, any other path with `page`: raw bytes, or HANG or RESET.

    `asked` counts the requests by path. It can be killed and started again on its port.
    """

    def __init__(self, *, page: bytes | None = None, health: bytes | None = None) -> None:
        self.page = answer(200, vllm_page()) if page is None else page
        self.health = answer(200) if health is None else health
        self.health_path = "/health"
        self.asked: dict[str, int] = {}
        self.connections = 0
        self.port = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def open(self) -> int:
        """Connections that there are at the moment."""
        return len(self._writers)

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, reuse_address=True)
        self.port = self._server.sockets[0].getsockname()[1]

    async def kill(self) -> None:
        """Nothing listens any more, and every connection is reset."""
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.kill()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        self.connections += 1
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._answer(reader, writer)
        finally:
            self._writers.discard(writer)
            self._tasks.discard(task)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            path = head.split(b" ", 2)[1].decode()
            self.asked[path] = self.asked.get(path, 0) + 1
            said = self.health if path == self.health_path else self.page
            if said == HANG:
                await asyncio.Event().wait()
            if said == RESET:
                writer.transport.abort()
                return
            writer.write(said)
            await writer.drain()
