"""Live load on a gateway: real clients on real sockets, each request a sample."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Coroutine

import aiohttp
import msgspec

from turnout.runners.demo.report import Sample
from turnout.runners.demo.scenario import Scenario

PATIENCE = aiohttp.ClientTimeout(total=60.0)


class Delta(msgspec.Struct, frozen=True):
    """The part of a streamed choice that carries content."""

    content: str | None = None


class Choice(msgspec.Struct, frozen=True):
    """One choice of a streamed chunk."""

    delta: Delta = Delta()
    finish_reason: str | None = None


class Chunk(msgspec.Struct, frozen=True):
    """One event of a chat stream, as far as a client's clock needs it."""

    choices: tuple[Choice, ...] = ()
    error: msgspec.Raw | None = None


class Load:
    """Sends a scenario's requests until it is stopped; every request ends up as one sample in `samples`."""

    def __init__(self, session: aiohttp.ClientSession, gateway: str, scenario: Scenario, seed: int) -> None:
        self.samples: list[Sample] = []
        self.open = 0
        self._session = session
        self._gateway = gateway
        self._scenario = scenario
        self._dice = random.Random(seed)  # noqa: S311 - load, not secrets
        self._tasks: set[asyncio.Task[None]] = set()
        self._chunk = msgspec.json.Decoder(Chunk)

    async def run(self) -> None:
        """Poisson arrivals at the scenario's rate, until cancelled."""
        while True:
            await asyncio.sleep(self._dice.expovariate(self._scenario.requests_per_second))
            if self._dice.random() < self._scenario.streaming_share:
                self._start(self._chat(stream=True, tokens=self._dice.randint(16, 64)))
            else:
                self._start(self._chat(stream=False, tokens=self._dice.randint(4, 16)))

    def open_streams(self, count: int, tokens: int) -> None:
        """Opens `count` streams of `tokens` tokens at once."""
        for _ in range(count):
            self._start(self._chat(stream=True, tokens=tokens))

    async def probe(self, seconds: float) -> None:
        """Short requests one after the other, to see a change of weights to the millisecond."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            await self._take(self._session.get(f"{self._gateway}/v1/models", timeout=PATIENCE), stream=False)

    async def drain(self) -> None:
        """Waits for every request that is open."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _start(self, request: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(request)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _chat(self, *, stream: bool, tokens: int) -> None:
        body = {
            "model": self._scenario.model,
            "messages": [{"role": "user", "content": "Tell me about railways. " * self._dice.randint(1, 40)}],
            "max_tokens": tokens,
            "stream": stream,
        }
        url = f"{self._gateway}/v1/chat/completions"
        await self._take(self._session.post(url, json=body, timeout=PATIENCE), stream=stream)

    async def _take(self, request: "aiohttp.client._RequestContextManager", *, stream: bool) -> None:
        sent = time.monotonic()
        pool, error, broken, first = "", "", False, None
        self.open += 1
        try:
            async with request as response:
                pool = response.headers.get("x-turnout-pool", "")
                if response.status != 200:
                    error = f"{response.status} {response.headers.get('x-turnout-reason', '')}".strip()
                    await response.read()
                elif stream:
                    error, broken, first = await self._read_stream(response, time.monotonic)
                else:
                    await response.read()
        except (aiohttp.ClientError, TimeoutError) as fault:
            error, broken = f"{type(fault).__name__}: {fault}", stream and bool(pool)
        finally:
            self.open -= 1
        ttft = None if first is None else first - sent
        self.samples.append(Sample(sent, time.monotonic(), pool, stream, error, broken, ttft))

    async def _read_stream(
        self, response: aiohttp.ClientResponse, clock: Callable[[], float]
    ) -> tuple[str, bool, float | None]:
        first: float | None = None
        finished = done = False
        async for event in _events(response):
            if event == b"[DONE]":
                done = True
                continue
            chunk = self._chunk.decode(event)
            if chunk.error is not None:
                return f"error event: {bytes(chunk.error)!r}", True, first
            for choice in chunk.choices:
                if choice.delta.content and first is None:
                    first = clock()
                finished = finished or choice.finish_reason is not None
        return "", not (finished and done), first


async def _events(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """The data of each server-sent event."""
    async for line in response.content:
        if line.startswith(b"data: "):
            yield line[6:].strip()
