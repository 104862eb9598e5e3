"""Model servers that answer with what they were asked, as JSON, on their own threads."""

import asyncio
import json
import threading
from functools import partial
from typing import NamedTuple, Self

from aiohttp import WSMsgType, web

from tests.support.model_servers import vllm_page

SET_HEADERS = "x-echo-set-headers"
"""A request's `name=value,name=value`: headers of its answer."""


class Echoed(NamedTuple):
    """A request as the server `backend` saw it. Header names are as they came; `path` has its query."""

    backend: str
    method: str
    path: str
    host: str
    headers: tuple[tuple[str, str], ...]
    body: str

    def values(self, name: str) -> str | None:
        """The header's values, joined by commas; None when it is not there."""
        found = [value for each, value in self.headers if each.lower() == name.lower()]
        return ",".join(found) if found else None


class Echoes:
    """One server per name. `received` holds every request but probes, in the order of their ends."""

    def __init__(self, *names: str) -> None:
        self.names = names
        self.ports: dict[str, int] = {}
        self.received: list[Echoed] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._runners: list[web.AppRunner] = []

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(30)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()

    def at(self, backend: str, path: str) -> list[Echoed]:
        """What `backend` got under a path (with its query) that begins with `path`."""
        return [each for each in list(self.received) if each.backend == backend and each.path.startswith(path)]

    async def _start(self) -> None:
        for name in self.names:
            app = web.Application()
            app.router.add_route("*", "/{tail:.*}", partial(self._answer, name))
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self._runners.append(runner)
            self.ports[name] = runner.addresses[0][1]

    async def _stop(self) -> None:
        for runner in self._runners:
            await runner.cleanup()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _answer(self, name: str, request: web.Request) -> web.StreamResponse:
        if request.path == "/health":
            return web.Response()
        if request.path == "/metrics":
            return web.Response(body=vllm_page())
        if request.headers.get("upgrade", "").lower() == "websocket":
            return await _socket(request)
        headers = tuple((key.decode("latin-1"), value.decode("latin-1")) for key, value in request.raw_headers)
        body = (await request.read()).decode("latin-1")
        echoed = Echoed(name, request.method, request.raw_path, request.headers.get("host", ""), headers, body)
        self.received.append(echoed)
        await asyncio.sleep(float(request.query.get("delay", "0")))
        response = web.json_response(text=json.dumps(echoed._asdict()))
        for pair in filter(None, request.headers.get(SET_HEADERS, "").split(",")):
            key, _, value = pair.partition("=")
            response.headers.add(key, value)
        return response


async def _socket(request: web.Request) -> web.StreamResponse:
    """Sends every message back."""
    opened = web.WebSocketResponse()
    await opened.prepare(request)
    async for message in opened:
        if message.type == WSMsgType.TEXT:
            await opened.send_str(message.data)
        elif message.type == WSMsgType.BINARY:
            await opened.send_bytes(message.data)
    return opened


def echoed(body: bytes) -> Echoed:
    """What an answer says. Raises ValueError when it is no echo."""
    said = json.loads(body)
    said["headers"] = tuple((name, value) for name, value in said["headers"])
    return Echoed(**said)
