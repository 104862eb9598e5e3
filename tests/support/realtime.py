"""A model server whose `/v1/realtime` is a websocket that says everything back, on a thread of its own."""

import asyncio
import threading
from types import TracebackType
from typing import Self

from aiohttp import WSMsgType, web

from tests.support.model_servers import vllm_page


class Realtime:
    """Greets with `name`. `closed` are the close codes that clients sent."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.port = 0
        self.closed: list[int | None] = []
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"realtime {name}")

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._started.wait(20)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(20)

    def _run(self) -> None:
        runner = self._loop.run_until_complete(self._start())
        self._started.set()
        self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())
        self._loop.close()

    async def _start(self) -> web.AppRunner:
        app = web.Application()
        app.router.add_get("/v1/realtime", self._talk)
        app.router.add_get("/health", self._health)
        app.router.add_get("/metrics", self._metrics)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.port = runner.addresses[0][1]
        return runner

    async def _talk(self, request: web.Request) -> web.WebSocketResponse:
        opened = web.WebSocketResponse(max_msg_size=0, protocols=("realtime",))
        await opened.prepare(request)
        await opened.send_str(self.name)
        async for message in opened:
            if message.type is WSMsgType.TEXT:
                await opened.send_str(message.data)
            elif message.type is WSMsgType.BINARY:
                await opened.send_bytes(message.data)
        self.closed.append(opened.close_code)
        return opened

    async def _health(self, request: web.Request) -> web.Response:
        return web.Response()

    async def _metrics(self, request: web.Request) -> web.Response:
        return web.Response(body=vllm_page())
