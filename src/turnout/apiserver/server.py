"""The API as a process serves it: uvicorn on sockets that are open already, and an end in order."""

import contextlib
import socket
import ssl
from collections.abc import Iterator, Sequence
from pathlib import Path

import uvicorn
from msgspec import Struct

from turnout.apiserver.app import build_app
from turnout.apiserver.connections import MAX_CONNECTIONS, BoundedProtocol
from turnout.apiserver.credentials import is_loopback
from turnout.apiserver.object_store import ObjectStore

GRACE_SECONDS = 5
"""How long open requests get at the end; watches are ended at once."""
KEEP_ALIVE_SECONDS = 120
"""How long an idle connection stays open: longer than clients keep theirs (client-go 90 s), so that none sends a write
on a connection that is being closed."""


class ExposedError(Exception):
    """An address that others than this machine can reach: an API without credentials does not listen there."""


class Guard(Struct, frozen=True):
    """TLS by `context`, and the token that every request needs."""

    context: ssl.SSLContext
    token: str


class ApiServer(uvicorn.Server):
    """Serves one store until `stop`. The store stays open; it is the caller's to close.

    Without a `guard` in plain HTTP, on loopback only.
    """

    def __init__(
        self,
        store: ObjectStore,
        guard: Guard | None = None,
        connections: int = MAX_CONNECTIONS,
        metrics: Path | None = None,
    ) -> None:
        class Protocol(BoundedProtocol):
            most = connections

        config = uvicorn.Config(
            build_app(store, guard.token if guard is not None else "", metrics),
            loop="none",  # there is one already
            http=Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
        )
        super().__init__(config)
        config.load()
        config.ssl = guard.context if guard is not None else None
        self._guarded = guard is not None
        self._store = store

    def stop(self) -> None:
        """Ends the watches, lets other requests finish and makes `serve` return."""
        self._store.end_watches()
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Captures none: signals are the process's, not the server's."""
        yield

    async def run_until_stopped(self, sockets: Sequence[socket.socket]) -> None:
        """Serves on the sockets until `stop` is called or the store can no longer be written.

        Raises ExposedError for a socket that is not on loopback, unless there is a guard.
        """
        for each in sockets:
            if not self._guarded:
                check_loopback(each)
        self._store.ended.add_done_callback(lambda _: self.stop())
        await self.serve(sockets=list(sockets))


def check_loopback(listening: socket.socket) -> None:
    """Raises ExposedError unless the socket is bound to a loopback address."""
    if not is_loopback(listening):
        host = listening.getsockname()[0]
        raise ExposedError(
            f"{host} is not a loopback address: without TLS and a token the API listens on 127.0.0.1 or ::1 only"
        )
