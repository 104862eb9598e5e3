"""Open loop: requests at a fixed pace, whatever the answers take.

A latency is counted from the write; of a request that had to wait for a free connection from the time it was due, so
that a proxy that stalls cannot hide it. The client's own timer (1 ms) is in neither.
"""

import asyncio
import sys
import time
from typing import cast

import msgspec
import uvloop

from benchmarks.load.answers import is_whole
from benchmarks.payloads import chat, post

TICK = 0.001
"""Seconds between two looks at what is due. uvloop takes less for 0: it would spin, and take the servers' core."""


class Paced(msgspec.Struct):
    """Latencies in seconds, in the order of the answers; `late` requests waited for a connection."""

    latencies: list[float]
    errors: int
    late: int
    seconds: float


class _Client(asyncio.Protocol):
    def __init__(self, tally: Paced, idle: list["_Client"]) -> None:
        self._tally = tally
        self._idle = idle
        self._due = 0.0
        self._want = -1
        self._got = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._idle.append(self)

    def send(self, request: bytes, due: float) -> None:
        self._due = due
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        got = self._got = self._got + data
        if not is_whole(got):
            return
        self._got = b""
        if b" 200 " in got[:16]:
            self._tally.latencies.append(time.monotonic() - self._due)
        else:
            self._tally.errors += 1
        self._idle.append(self)


async def _run(port: int, rate: float, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    tally = Paced([], 0, 0, 0.0)
    idle: list[_Client] = []
    for _ in range(64):
        await loop.create_connection(lambda: _Client(tally, idle), "127.0.0.1", port)
    bodies = [post(chat(2048)) for _ in range(int(rate * (seconds + 0.5)))]
    print("warm", flush=True)
    began = time.monotonic()
    sent = 0
    waited = False
    while (now := time.monotonic()) - began < seconds:
        while sent < (now - began) * rate and sent < len(bodies):
            if not idle:
                tally.late += not waited
                waited = True
                break
            idle.pop().send(bodies[sent], began + sent / rate if waited else time.monotonic())
            waited = False
            sent += 1
        await asyncio.sleep(TICK)
    await asyncio.sleep(0.5)
    tally.seconds = time.monotonic() - began
    print(msgspec.json.encode(tally).decode(), flush=True)


if __name__ == "__main__":
    uvloop.run(_run(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])))
