"""One GET to a model server, with every way it can fail as a value."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from msgspec import Struct

from turnout.endpoints.health import Failure

TIMEOUT = aiohttp.ClientTimeout(sock_connect=0.75, total=1.0)
"""Seconds: to be connected, and to have the whole answer."""
PAGE_LIMIT = 4 * 1024 * 1024
"""Bytes: a longer page is no metrics page."""
CONNECTIONS = 2
"""Per endpoint: one for its metrics, one for its health."""


class Answer(Struct, frozen=True):
    """`body` is None if it is longer than PAGE_LIMIT."""

    status: int
    body: bytes | None


class Prober:
    """Asks over kept connections. `opened` makes one."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    @classmethod
    @asynccontextmanager
    async def opened(cls, timeout: aiohttp.ClientTimeout = TIMEOUT) -> AsyncIterator["Prober"]:  # noqa: ASYNC109 - of each probe
        """A prober whose connections are closed in the end."""
        connector = aiohttp.TCPConnector(limit=0, limit_per_host=CONNECTIONS, keepalive_timeout=30.0)
        async with aiohttp.ClientSession(
            connector=connector,
            timeout=timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": "turnout-scraper", "Accept-Encoding": "identity"},
        ) as session:
            yield cls(session)

    async def get(self, address: str, path: str) -> Answer | Failure:
        """The answer of the endpoint at `address` (`IP:PORT`). Redirects are answers: nobody else is asked."""
        try:
            async with self._session.get(f"http://{address}{path}", allow_redirects=False) as response:
                return Answer(response.status, await _read(response))
        except aiohttp.ConnectionTimeoutError:
            return Failure.UNREACHABLE
        except TimeoutError:
            return Failure.SILENT
        except aiohttp.ClientConnectorError:
            return Failure.UNREACHABLE
        except (aiohttp.ClientError, OSError, ValueError):
            return Failure.BROKEN


async def _read(response: aiohttp.ClientResponse) -> bytes | None:
    page = bytearray()
    async for chunk in response.content.iter_any():
        page += chunk
        if len(page) > PAGE_LIMIT:
            return None
    return bytes(page)
