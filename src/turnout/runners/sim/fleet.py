"""The process of simulated servers: listeners on consecutive ports, signals, the end."""

import asyncio
import contextlib
import gc
import os
import random
import signal
import socket
from collections.abc import Callable
from functools import partial

import uvloop
from msgspec import Struct

from turnout.runners.sim.connection import Connection
from turnout.runners.sim.server import Server
from turnout.simulator.faults import Faults
from turnout.simulator.profile import Profile
from turnout.simulator.requests import Served

HOST = "127.0.0.1"
BACKLOG = 4096
ATTEMPTS = 200
LAST_PORT = 65535
FREE_PORTS = range(16384, 32768)
"""Where free ports are looked for: below those that the system gives to clients, so that a restart finds them free."""


class Options(Struct, frozen=True):
    """What to simulate. With `port` 0, `count` free consecutive ports are taken."""

    port: int
    served: Served
    profile: Profile
    faults: Faults
    count: int = 1
    seed: int = 0


class PortError(OSError):
    """A port that cannot be listened on; the text names it."""


def bind(port: int, count: int) -> list[socket.socket]:
    """Listening sockets on `count` consecutive ports from `port`, or from a free one for 0. Raises PortError."""
    if port:
        return _bind_run(port, count)
    for _ in range(ATTEMPTS):
        with contextlib.suppress(PortError):
            return _bind_run(random.randrange(FREE_PORTS.start, FREE_PORTS.stop - count), count)  # noqa: S311 — no secret
    raise PortError(f"no {count} consecutive ports are free")


def _bind_run(port: int, count: int) -> list[socket.socket]:
    opened: list[socket.socket] = []
    if port + count - 1 > LAST_PORT:
        raise PortError(f"port {port + count - 1}: there is no such port")
    for each in range(port, port + count):
        try:
            opened.append(socket.create_server((HOST, each), backlog=BACKLOG))
        except OSError as error:
            for one in opened:
                one.close()
            raise PortError(f"port {each}: {os.strerror(error.errno or 0)}") from error
    return opened


class Fleet:
    """All servers of the process. Ends with 0 when asked to, with 1 when every server has crashed."""

    def __init__(self, options: Options, sockets: list[socket.socket]) -> None:
        self._options = options
        self._sockets = sockets
        self._servers: dict[int, tuple[Server, asyncio.Server]] = {}
        self._ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def start(self) -> None:
        """Begins to serve every port."""
        options = self._options
        loop = asyncio.get_running_loop()
        for index, opened in enumerate(self._sockets):
            port = opened.getsockname()[1]
            # Its place, not its port, seeds a server: runs on other ports are the same runs.
            dice = random.Random(f"{options.seed}/{index}").random  # noqa: S311 — simulated faults, not secrets
            crashed = partial(self._crash, port)
            server = Server(port, options.served, options.profile, options.faults, dice, crashed)
            listener = await loop.create_server(partial(Connection, server), sock=opened, backlog=BACKLOG)
            self._servers[port] = server, listener
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end, 0)

    async def wait(self) -> int:
        """The exit code, when it is over."""
        code = await self._ended
        for port in tuple(self._servers):
            self._close(port)
        # Aborted connections are closed on the loop's next turns.
        await asyncio.sleep(0)
        return code

    def _crash(self, port: int) -> None:
        self._close(port)
        if not self._servers:
            self._end(1)

    def _close(self, port: int) -> None:
        server, listener = self._servers.pop(port)
        listener.close()
        server.abort()

    def _end(self, code: int) -> None:
        if not self._ended.done():
            self._ended.set_result(code)


def run(options: Options, ready: Callable[[int, int], None]) -> int:
    """Serves until a signal comes or all servers have crashed; the exit code.

    `ready` is called with the first and the last port once all of them listen. Raises PortError.
    """
    sockets = bind(options.port, options.count)
    first, last = sockets[0].getsockname()[1], sockets[-1].getsockname()[1]

    async def serve() -> int:
        fleet = Fleet(options, sockets)
        await fleet.start()
        gc.freeze()
        ready(first, last)
        return await fleet.wait()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(serve())
