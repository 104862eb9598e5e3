"""What preflight asks of model servers: their models, and one prompt. It passes no gateway: no rollout counts it."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec

from turnout.channels.credentials import PLAIN, Credentials
from turnout.rollout.preflight import Facts, Probe, ServedModel, Server

LIST_SECONDS = 5.0
PROBE_SECONDS = 10.0
AT_ONCE = 32
MOST_ASKED = 64
"""Endpoints of each pool that are asked."""
LONGEST_TEXT = 200
PROMPT = "Say yes."
PROBES = (
    ("/v1/chat/completions", {"messages": [{"role": "user", "content": PROMPT}], "max_tokens": 1}),
    ("/v1/completions", {"prompt": PROMPT, "max_tokens": 1}),
)
"""The second is for models that cannot chat."""


class Asker:
    """Asks over connections of its own. `opened` makes one. `credentials` are by address (`IP:PORT`)."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self._slots = asyncio.Semaphore(AT_ONCE)
        self.credentials: dict[str, Credentials] = {}

    @classmethod
    @asynccontextmanager
    async def opened(cls) -> AsyncIterator["Asker"]:
        """An asker whose connections are closed in the end."""
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=30.0)
        headers = {"User-Agent": "turnout-preflight"}
        async with aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), headers=headers
        ) as session:
            yield cls(session)

    async def gather(self, stable: Iterable[str], candidate: Iterable[str]) -> Facts:
        """The answers of the endpoints at these addresses (`IP:PORT`)."""
        old, new = sorted(stable)[:MOST_ASKED], sorted(candidate)[:MOST_ASKED]
        servers = await asyncio.gather(*(self._server(address) for address in (*old, *new)))
        stables, candidates = servers[: len(old)], servers[len(old) :]
        names = {model.name for server in stables for model in server.models or ()}
        probes = await asyncio.gather(*(self._probe(one, names) for one in candidates))
        return Facts(tuple(stables), tuple(candidates), tuple(probes))

    async def _server(self, address: str) -> Server:
        status, body = await self._ask("GET", address, "/v1/models", None, LIST_SECONDS)
        models = served_models(body) if status == 200 else None
        return Server(address, models, connections=int(status > 0))

    async def _probe(self, server: Server, wanted: set[str]) -> Probe:
        """One prompt to a model that stable serves too; to any of the server's if it serves none of those."""
        names = [model.name for model in server.models or ()]
        name = next((each for each in names if each in wanted), names[0] if names else "")
        if not name:
            return Probe(server.address, 0, "it lists no model to ask")
        status, body = 0, b""
        for path, prompt in PROBES:
            status, body = await self._ask("POST", server.address, path, {"model": name, **prompt}, PROBE_SECONDS)
            if status not in (400, 404, 405, 501):
                break
        text = "" if 200 <= status < 300 else body[:LONGEST_TEXT].decode("utf-8", "replace")
        return Probe(server.address, status, text)

    async def _ask(
        self, method: str, address: str, path: str, body: dict[str, Any] | None, seconds: float
    ) -> tuple[int, bytes]:
        """The status and the body; 0 and the failure's words where there is no answer."""
        given = self.credentials.get(address, PLAIN)
        headers = {"Authorization": f"Bearer {given.key.decode('latin-1')}"} if given.key else {}
        try:
            async with (
                self._slots,
                self._session.request(
                    method,
                    f"{'https' if given.tls else 'http'}://{address}{path}",
                    json=body,
                    headers=headers,
                    ssl=given.context() or True,
                    server_hostname=(given.hostname or None) if given.tls else None,
                    timeout=aiohttp.ClientTimeout(total=seconds),
                    allow_redirects=False,
                ) as response,
            ):
                return response.status, await response.read()
        except TimeoutError:
            return 0, f"no answer within {seconds:.0f} s".encode()
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return 0, (str(error) or type(error).__name__).encode()


def served_models(body: bytes) -> tuple[ServedModel, ...] | None:
    """The models of an answer to `/v1/models`; None if it is no such answer."""
    try:
        answer = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return None
    listed = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(listed, list):
        return None
    found = []
    for each in listed:
        name, context = (each.get("id"), each.get("max_model_len")) if isinstance(each, dict) else (None, None)
        if isinstance(name, str):
            found.append(ServedModel(name, context if isinstance(context, int) else None))
    return tuple(found)
