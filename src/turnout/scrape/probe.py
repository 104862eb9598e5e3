"""One request to a model server, and what its answer means."""

import asyncio

import aiohttp

from turnout.endpoints.health import Outcome

SECONDS = 1.0
PAGE_LIMIT = 4 * 1024 * 1024
"""Bytes: a longer metrics page is no metrics page."""
_LIMITS = aiohttp.ClientTimeout(total=SECONDS)


async def check_health(session: aiohttp.ClientSession, address: str) -> Outcome:
    """GET `/health`: the code of the answer, or why there was none."""
    try:
        async with session.get(f"http://{address}/health", timeout=_LIMITS, allow_redirects=False) as response:
            return response.status
    except TimeoutError:
        return "timeout"
    except aiohttp.ClientError:
        return "refused"


async def fetch_metrics(session: aiohttp.ClientSession, address: str) -> bytes | Outcome | None:
    """GET `/metrics`: the page, None where there is none to read, or why there was no answer."""
    try:
        async with session.get(f"http://{address}/metrics", timeout=_LIMITS, allow_redirects=False) as response:
            if response.status != 200:
                return None
            return await _page(response.content)
    except TimeoutError:
        return "timeout"
    except aiohttp.ClientConnectionError:
        return "refused"
    except aiohttp.ClientError:
        return None


async def _page(content: aiohttp.StreamReader) -> bytes | None:
    page = bytearray()
    async for chunk in content.iter_any():
        page += chunk
        if len(page) > PAGE_LIMIT:
            return None
        await asyncio.sleep(0)
    return bytes(page)
