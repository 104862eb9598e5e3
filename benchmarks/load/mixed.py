"""Whole answers and streams together, at a fixed pace: one line of figures per window.

A latency is counted from the write; of a request that had to wait for a free connection from when it was due, so that
a gateway that stalls cannot hide it. What is kept of latencies is counts, of one size however long a window is.
"""

import argparse
import asyncio
import math
import sys
import time
from typing import cast

import msgspec
import uvloop

from benchmarks.load.answers import is_whole
from benchmarks.payloads import chat

STREAM_EVERY = 50
"""One request in so many is a stream."""
CONNECTIONS = 64
MOST_STREAMS = 512
LAST = b"data: [DONE]\n\n"
END = b"0\r\n\r\n"
TICK = 0.001
"""Seconds between two looks at what is due. uvloop takes less for 0: it would spin, and take the servers' core."""
FINEST, STEPS = 1e-5, 50
"""Latencies are told apart from 10 us on, in 50 steps for each doubling (1.4 %)."""
VIA = b"\r\nx-turnout-pool: "
"""What no server says by itself: the answer came through the gateway."""


class Latencies:
    """Counts of seconds by size."""

    __slots__ = ("_counts", "count")

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self.count = 0

    def add(self, seconds: float) -> None:
        """Counts one."""
        at = int(math.log2(max(seconds, FINEST) / FINEST) * STEPS)
        self._counts[at] = self._counts.get(at, 0) + 1
        self.count += 1

    def quantile(self, share: float) -> float:
        """Milliseconds that at most this share of them is below; at most 1.4 % too high. 0 of none."""
        left = self.count * share
        for at in sorted(self._counts):
            left -= self._counts[at]
            if left < 0:
                return round(1e3 * FINEST * math.exp2((at + 1) / STEPS), 3)
        return 0.0


class Window(msgspec.Struct):
    """Until whole answers ended (`answers`) and streams began (`firsts`); `streams` ended whole."""

    answers: Latencies = msgspec.field(default_factory=Latencies)
    firsts: Latencies = msgspec.field(default_factory=Latencies)
    streams: int = 0
    errors: int = 0


class Figures(msgspec.Struct):
    """What one window came to; milliseconds."""

    requests: int
    streams: int
    errors: int
    p50: float
    p99: float
    first_p99: float
    seconds: float


class Load:
    """The window of the moment, and connections that are free. `size` is a body's bytes, one in `every` a stream."""

    def __init__(self, size: int, every: int) -> None:
        self.size, self.every = size, every
        self.open = 0
        self.window = Window()
        self.plain: list[_Client] = []
        self.streams: list[_Client] = []
        self.over = False


class _Client(asyncio.Protocol):
    def __init__(self, load: Load, idle: "list[_Client]") -> None:
        self._load, self._idle = load, idle
        self._due = 0.0
        self._got = b""
        self._streams = self._begun = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._idle.append(self)
        self._load.open += 1

    def send(self, due: float, *, stream: bool) -> None:
        self._due, self._streams, self._begun, self._got = due, stream, False, b""
        body = chat(self._load.size, stream=stream)
        kind = "stream" if stream else "whole"
        head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: soak\r\nx-kind: {kind}\r\ncontent-length: {len(body)}\r\n"
        self.transport.write(head.encode() + b"content-type: application/json\r\n\r\n" + body)

    def data_received(self, data: bytes) -> None:
        got = self._got = self._got + data
        if self._streams:
            if b"\r\n\r\n" in got:
                self._streamed(got)
            return
        if is_whole(got):
            self._ended(whole=b" 200 " in got[:16] and VIA in got)

    def _streamed(self, got: bytes) -> None:
        if not self._begun:
            self._begun = True
            self._load.window.firsts.add(time.monotonic() - self._due)
        if got.endswith(END):
            self._ended(whole=b" 200 " in got[:16] and VIA in got and LAST in got)

    def _ended(self, *, whole: bool) -> None:
        window = self._load.window
        if not whole:
            window.errors += 1
        elif self._streams:
            window.streams += 1
        else:
            window.answers.add(time.monotonic() - self._due)
        self._due = 0.0
        self._idle.append(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Between two requests the gateway may close; in the middle of one it may not."""
        self._load.open -= 1
        if self._load.over:
            return
        self._load.window.errors += self._due > 0
        if self in self._idle:
            self._idle.remove(self)


def _figures(window: Window, seconds: float) -> Figures:
    answers, firsts = window.answers, window.firsts
    p50, p99, first = answers.quantile(0.5), answers.quantile(0.99), firsts.quantile(0.99)
    return Figures(answers.count, window.streams, window.errors, p50, p99, first, round(seconds, 3))


async def _connected(load: Load, port: int, rate: float) -> None:
    loop = asyncio.get_running_loop()
    for _ in range(CONNECTIONS):
        await loop.create_connection(lambda: _Client(load, load.plain), "127.0.0.1", port)
    for _ in range(min(MOST_STREAMS, int(rate / load.every * 3) + 8)):
        await loop.create_connection(lambda: _Client(load, load.streams), "127.0.0.1", port)


async def _run(load: Load, port: int, rate: float, seconds: float, windows: int) -> None:
    await _connected(load, port, rate)
    began = opened = time.monotonic()
    sent = 0
    waited = False
    while (now := time.monotonic()) - began < seconds or sent == 0:
        while sent < (now - began) * rate:
            stream = sent % load.every == 0
            idle = load.streams if stream else load.plain
            if not idle:
                waited = True
                break
            idle.pop().send(began + sent / rate if waited else time.monotonic(), stream=stream)
            waited = False
            sent += 1
        await asyncio.sleep(TICK)
        if now - opened >= seconds / windows:
            print(msgspec.json.encode(_figures(load.window, now - opened)).decode(), flush=True)
            load.window, opened = Window(), now
    await asyncio.sleep(3.0)  # what is open ends
    load.window.errors += load.open - len(load.plain) - len(load.streams)
    load.over = True
    print(msgspec.json.encode(_figures(load.window, time.monotonic() - opened)).decode(), flush=True)


def main(arguments: list[str]) -> None:
    """Runs until `seconds` and the answers to what was sent are over."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("rate", type=float)
    parser.add_argument("seconds", type=float)
    parser.add_argument("windows", type=int)
    parser.add_argument("--size", type=int, default=2048)
    parser.add_argument("--stream-every", type=int, default=STREAM_EVERY)
    told = parser.parse_args(arguments)
    uvloop.run(_run(Load(told.size, told.stream_every), told.port, told.rate, told.seconds, told.windows))


if __name__ == "__main__":
    main(sys.argv[1:])
