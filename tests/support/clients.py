"""Plain clients for end-to-end tests: one answer as a client sees it, and many streams read at once."""

import asyncio
import time
from collections import Counter
from typing import NamedTuple

import aiohttp


class Seen(NamedTuple):
    """One answer. `fault` is set when there was none."""

    code: int
    pool: str
    reason: str
    fault: str = ""


async def ask(session: aiohttp.ClientSession, url: str, **arguments: object) -> Seen:
    """GET `url`, and read it to its end."""
    try:
        async with session.get(url, **arguments) as response:  # type: ignore[arg-type]  # passed through as given
            await response.read()
            headers = response.headers
            return Seen(response.status, headers.get("x-turnout-pool", ""), headers.get("x-turnout-reason", ""))
    except (aiohttp.ClientError, TimeoutError) as error:
        return Seen(0, "", "", f"{type(error).__name__}: {error}")


def shares(seen: list[Seen]) -> Counter[str]:
    """How many answers each pool gave."""
    return Counter(each.pool for each in seen)


class Stream(NamedTuple):
    """One stream as its client saw it: the pool, how often content came, and whether it ended as it should."""

    pool: str
    events: int
    whole: bool
    fault: str = ""


async def stream(session: aiohttp.ClientSession, gateway: str, tokens: int, opened: "asyncio.Queue[str]") -> Stream:
    """One chat stream; puts its pool into `opened` when the first byte is there."""
    body = {"model": "m", "messages": [{"role": "user", "content": "hello"}], "max_tokens": tokens, "stream": True}
    pool, events, finished, done = "", 0, False, False
    try:
        async with session.post(f"{gateway}/v1/chat/completions", json=body) as response:
            pool = response.headers.get("x-turnout-pool", "")
            if response.status != 200:
                opened.put_nowait(pool)
                return Stream(pool, 0, whole=False, fault=f"{response.status} {await response.text()}")
            opened.put_nowait(pool)
            async for line in response.content:
                events += line.startswith(b"data: {")
                finished = finished or b'"finish_reason":"length"' in line.replace(b" ", b"")
                done = done or line.strip() == b"data: [DONE]"
    except aiohttp.ClientError as error:
        return Stream(pool, events, whole=False, fault=f"{type(error).__name__}: {error}")
    return Stream(pool, events, finished and done)


def now() -> float:
    """Seconds, monotonic."""
    return time.monotonic()
