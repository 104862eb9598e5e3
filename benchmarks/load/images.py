"""Bodies with images of 20 MB at a fixed pace, until SIGTERM: then what became of them.

A process of its own: writing such a body keeps a client busy for milliseconds, which is no other request's latency.
"""

import asyncio
import contextlib
import signal
import sys
import time
from typing import cast

import msgspec
import uvloop

from benchmarks.load.answers import is_whole
from benchmarks.payloads import image, post

SIZE = 20_000_000
CONNECTIONS = 8
TICK = 0.005


class Sent(msgspec.Struct):
    """`answered` with 200; `errors` were answered otherwise, or lost their connection."""

    answered: int
    errors: int


class _Client(asyncio.Protocol):
    def __init__(self, tally: Sent, there: "list[_Client]", idle: "list[_Client]") -> None:
        self._tally = tally
        self._there = there
        self._idle = idle
        self._got = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._there.append(self)
        self._idle.append(self)

    def data_received(self, data: bytes) -> None:
        got = self._got = self._got + data
        if not is_whole(got):
            return
        self._got = b""
        if b" 200 " in got[:16]:
            self._tally.answered += 1
        else:
            self._tally.errors += 1
        self._idle.append(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Between two requests a proxy may close."""
        self._there.remove(self)
        if self in self._idle:
            self._idle.remove(self)
        else:
            self._tally.errors += 1


async def _run(port: int, rate: float) -> None:
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, over.set)
    tally = Sent(0, 0)
    there: list[_Client] = []
    idle: list[_Client] = []
    for _ in range(CONNECTIONS):
        await loop.create_connection(lambda: _Client(tally, there, idle), "127.0.0.1", port)
    body = post(image(SIZE))
    print("warm", flush=True)
    began = time.monotonic()
    sent = 0
    while not over.is_set():
        if idle and sent < (time.monotonic() - began) * rate:
            idle.pop().transport.write(body.replace(b"QUJD", b"%04d" % (sent % 10_000), 1))
            sent += 1
        if len(there) < CONNECTIONS:
            with contextlib.suppress(OSError):
                await loop.create_connection(lambda: _Client(tally, there, idle), "127.0.0.1", port)
        await asyncio.sleep(TICK)
    print(msgspec.json.encode(tally).decode(), flush=True)


if __name__ == "__main__":
    uvloop.run(_run(int(sys.argv[1]), float(sys.argv[2])))
