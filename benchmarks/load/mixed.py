"""Whole answers and streams together, at a fixed pace: one line of figures per window.

A latency is counted from when the request was due, so that a gateway that stalls cannot hide it.
"""

import asyncio
import sys
import time
from typing import cast

import msgspec
import uvloop

from benchmarks.payloads import chat

STREAM_EVERY = 50
"""One request in so many is a stream."""
CONNECTIONS = 64
MOST_STREAMS = 512
LAST = b"data: [DONE]\n\n"
END = b"0\r\n\r\n"
VIA = b"\r\nx-turnout-pool: "
"""What no server says by itself: the answer came through the gateway."""


class Window(msgspec.Struct):
    """Seconds until whole answers ended (`answers`) and streams began (`firsts`); `streams` ended whole."""

    answers: list[float] = msgspec.field(default_factory=list)
    firsts: list[float] = msgspec.field(default_factory=list)
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
    """The window of the moment, and connections that are free."""

    def __init__(self) -> None:
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

    def send(self, due: float, *, stream: bool) -> None:
        self._due, self._streams, self._begun, self._got = due, stream, False, b""
        body = chat(2048, stream=stream)
        kind = "stream" if stream else "whole"
        head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: soak\r\nx-kind: {kind}\r\ncontent-length: {len(body)}\r\n"
        self.transport.write(head.encode() + b"content-type: application/json\r\n\r\n" + body)

    def data_received(self, data: bytes) -> None:
        got = self._got = self._got + data
        end = got.find(b"\r\n\r\n")
        if end < 0:
            return
        if self._streams:
            self._streamed(got)
            return
        low = got[:end].lower()
        at = low.find(b"content-length:")
        if at >= 0 and len(got) < end + 4 + int(low[at + 15 :].split(b"\r\n", 1)[0]):
            return
        if at < 0 and not got.endswith(END):
            return
        self._ended(whole=b" 200 " in got[:16] and VIA in got)

    def _streamed(self, got: bytes) -> None:
        if not self._begun:
            self._begun = True
            self._load.window.firsts.append(time.monotonic() - self._due)
        if got.endswith(END):
            self._ended(whole=b" 200 " in got[:16] and VIA in got and LAST in got)

    def _ended(self, *, whole: bool) -> None:
        window = self._load.window
        if not whole:
            window.errors += 1
        elif self._streams:
            window.streams += 1
        else:
            window.answers.append(time.monotonic() - self._due)
        self._due = 0.0
        self._idle.append(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Between two requests the gateway may close; in the middle of one it may not."""
        if self._load.over:
            return
        self._load.window.errors += self._due > 0
        if self in self._idle:
            self._idle.remove(self)


def _figures(window: Window, seconds: float) -> Figures:
    answers, firsts = sorted(window.answers) or [0.0], sorted(window.firsts) or [0.0]
    p50, p99 = answers[len(answers) // 2], answers[len(answers) * 99 // 100]
    first = firsts[len(firsts) * 99 // 100]
    p50, p99, first = (round(1e3 * each, 3) for each in (p50, p99, first))
    return Figures(len(window.answers), window.streams, window.errors, p50, p99, first, round(seconds, 3))


async def _run(port: int, rate: float, seconds: float, windows: int) -> None:
    loop = asyncio.get_running_loop()
    load = Load()
    for _ in range(CONNECTIONS):
        await loop.create_connection(lambda: _Client(load, load.plain), "127.0.0.1", port)
    for _ in range(min(MOST_STREAMS, int(rate / STREAM_EVERY * 3) + 8)):
        await loop.create_connection(lambda: _Client(load, load.streams), "127.0.0.1", port)
    began = opened = time.monotonic()
    sent = 0
    while (now := time.monotonic()) - began < seconds or sent == 0:
        while sent < (now - began) * rate:
            stream = sent % STREAM_EVERY == 0
            idle = load.streams if stream else load.plain
            if not idle:
                break
            idle.pop().send(began + sent / rate, stream=stream)
            sent += 1
        await asyncio.sleep(0.0005)
        if now - opened >= seconds / windows:
            print(msgspec.json.encode(_figures(load.window, now - opened)).decode(), flush=True)
            load.window, opened = Window(), now
    await asyncio.sleep(3.0)  # what is open ends
    last = load.window
    free, made = len(load.plain) + len(load.streams), CONNECTIONS + min(MOST_STREAMS, int(rate / STREAM_EVERY * 3) + 8)
    last.errors += made - free
    load.over = True
    print(msgspec.json.encode(_figures(last, time.monotonic() - opened)).decode(), flush=True)


if __name__ == "__main__":
    uvloop.run(_run(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])))
