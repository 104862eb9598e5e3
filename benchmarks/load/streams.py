"""Open streams: so many at a time, each begun anew when it ends; counts events as they come."""

import asyncio
import sys
import time
from typing import cast

import msgspec
import uvloop

from benchmarks.payloads import chat, post


class Streamed(msgspec.Struct):
    """`chunks` are events of the measured time, `broken` streams that ended without their last event."""

    streams: int
    chunks: int
    broken: int
    seconds: float


class _Client(asyncio.Protocol):
    def __init__(self, tally: Streamed) -> None:
        self._tally = tally
        self._tail = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._begin()

    def _begin(self) -> None:
        self._tally.streams += 1
        self.transport.write(post(chat(2048, stream=True)))

    def data_received(self, data: bytes) -> None:
        self._tally.chunks += data.count(b"data: ")
        if (self._tail + data).endswith(b"0\r\n\r\n"):
            self._tail = b""
            self._begin()
        else:
            self._tail = data[-8:]

    def connection_lost(self, exc: Exception | None) -> None:
        self._tally.broken += 1


async def _run(port: int, count: int, warm: float, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    tally = Streamed(0, 0, 0, 0.0)
    for number in range(count):
        await loop.create_connection(lambda: _Client(tally), "127.0.0.1", port)
        if number % 10 == 9:
            await asyncio.sleep(0.01)
    await asyncio.sleep(warm)
    print("warm", flush=True)
    tally.chunks = tally.broken = 0
    began = time.monotonic()
    await asyncio.sleep(seconds)
    tally.seconds = time.monotonic() - began
    print(msgspec.json.encode(tally).decode(), flush=True)


if __name__ == "__main__":
    uvloop.run(_run(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])))
