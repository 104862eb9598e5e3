"""Model servers that read a request to its end before they answer it.

nginx, which answers for the other cases, answers a long request once its head is there: a proxy need not pass it on.
"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import uvloop

from benchmarks.payloads import ANSWER, chat, post
from benchmarks.processes import OTHER_CORE, Tree
from benchmarks.upstream import METRICS, MODELS, answering

END = b"\r\n\r\n"
LAST = b"0\r\n\r\n"


def reading_servers(folder: Path, ports: Sequence[int]) -> Tree:
    """One process that serves every port."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "benchmarks.readers", *map(str, ports)]
    return answering(Tree(command, folder / "readers.log", OTHER_CORE), ports[0], post(chat(200)))


def _whole(body: str) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return (head + body).encode()


PAGES = {b"/metrics": _whole(METRICS), b"/v1/models": _whole(MODELS), b"/version": _whole('{"version":"0.32.0"}')}
COMPLETION = _whole(ANSWER)


class Reader(asyncio.Protocol):
    """One connection; it keeps nothing of a body."""

    def __init__(self) -> None:
        self._head = b""
        self._answer = b""
        self._left = 0
        self._chunked = False
        self._tail = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if not self._answer:
            self._head += data
            end = self._head.find(END)
            if end < 0:
                return
            data = self._head[end + len(END) :]
            self._begin(self._head[:end])
        self._left -= len(data)
        self._tail = (self._tail + data[-len(LAST) :])[-len(LAST) :]
        if self._tail == LAST if self._chunked else self._left <= 0:
            self.transport.write(self._answer)
            self._answer = self._tail = b""

    def _begin(self, head: bytes) -> None:
        low = head.lower()
        at = low.find(b"content-length:")
        self._head = b""
        self._left = int(low[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        self._chunked = b"\r\ntransfer-encoding: chunked" in low
        self._answer = PAGES.get(head.split(b" ", 2)[1], COMPLETION)


async def _serve(ports: Sequence[int]) -> None:
    loop = asyncio.get_running_loop()
    for port in ports:
        await loop.create_server(Reader, "127.0.0.1", port, backlog=4096)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(_serve([int(port) for port in sys.argv[1:]]))
