"""`python -m turnout.runners.api`: the API as a process of its own, on one state folder.

Exits 0 after SIGTERM, SIGINT or the end of the parent; 1 when it cannot start (folder in use, address not loopback);
3 when it can no longer write.
"""

import argparse
import asyncio
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import uvloop

from turnout.apiserver.connections import raise_file_limit
from turnout.apiserver.credentials import CredentialsFolder, names_for, server_context, utc_now
from turnout.apiserver.database import Database, DatabaseError
from turnout.apiserver.deletion import Deletion
from turnout.apiserver.object_store import ObjectStore
from turnout.apiserver.server import ApiServer, ExposedError, Guard, check_loopback
from turnout.apiserver.state_folder import FolderError, FolderTakenError, StateFolder
from turnout.apiserver.writes import now
from turnout.telemetry import logs

log = logging.getLogger("turnout.apiserver")

RENEWAL_SECONDS = 24 * 3600.0
"""How often the certificate is looked at."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves until told to stop; returns the exit code."""
    options = _options(arguments)
    logs.configure("api")
    # uvicorn's own words go where ours go, when they matter.
    uvicorn = logging.getLogger("uvicorn")
    uvicorn.handlers, uvicorn.propagate = logging.getLogger("turnout").handlers, False
    uvicorn.setLevel(logging.WARNING)
    os.umask(0o077)  # what is kept holds Secrets
    try:
        listening = _listen(options.fd, options.host, options.port)
        renewal = None if options.credentials is None else _renewal(options, listening)
        guard = renewal.guard if renewal is not None else None
        if guard is None:
            check_loopback(listening)
        folder = None if options.state == "memory" else StateFolder.take(Path(options.state), _owner(listening, guard))
        database = _open(folder)
    except (ExposedError, FolderTakenError, FolderError, DatabaseError, OSError) as error:
        log.error("%s", error)  # noqa: TRY400 - the message says all; a traceback would hide it
        return 1
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_serve(database, listening, options.parent_fd, renewal, options.metrics))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m turnout.runners.api", description=__doc__)
    parser.add_argument("--state", required=True, metavar="DIR|memory", help="where objects are kept")
    parser.add_argument("--fd", type=int, help="an inherited listening socket")
    parser.add_argument("--host", default="127.0.0.1", help="with --port, when there is no --fd")
    parser.add_argument("--port", type=int, default=0, help="0 means a free one")
    parser.add_argument("--credentials", metavar="DIR", help="serve HTTPS and ask for a token; both are kept here")
    parser.add_argument("--name", action="append", default=[], help="what else the server is called; repeatable")
    parser.add_argument("--metrics", type=Path, metavar="FILE", help="where the gateway's figures are found")
    parser.add_argument("--parent-fd", type=int, help="ends the process when it reads as ended")
    return parser.parse_args(arguments)


def _listen(descriptor: int | None, host: str, port: int) -> socket.socket:
    if descriptor is not None:
        listening = socket.socket(fileno=descriptor)
    else:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family)
    listening.settimeout(0.0)
    return listening


def _owner(listening: socket.socket, guard: Guard | None) -> str:
    host, port = listening.getsockname()[:2]
    scheme = "http" if guard is None else "https"
    return f"process {os.getpid()}, API at {scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def _open(folder: StateFolder | None) -> Database:
    if folder is not None:
        return Database(folder.database)
    # What keeps nothing must not begin at the versions of its last life: its clients would miss changes unawares.
    return Database(None, first=time.time_ns() // 1_000)


class Renewal:
    """The guard of an API, whose certificate is renewed while it serves. Raises OSError."""

    def __init__(self, folder: Path, names: frozenset[str]) -> None:
        self._folder = CredentialsFolder(folder)
        self._names = names
        kept = self._folder.keep(names, utc_now())
        self._certificate = kept.certificate
        self.guard = Guard(server_context(self._folder), kept.token)

    async def run(self) -> None:
        """Renews until cancelled. A CA that nears its end waits for a start: clients have to be told of a new one."""
        while True:
            await asyncio.sleep(RENEWAL_SECONDS)
            try:
                self.renew()
            except OSError:
                log.exception("the certificate cannot be renewed")

    def renew(self) -> None:
        """Looks once. Raises OSError."""
        kept = self._folder.keep(self._names, utc_now(), same_authority=True)
        if kept.certificate != self._certificate:
            self._certificate = kept.certificate
            self._folder.load_into(self.guard.context)
            log.info("the certificate is renewed")


def _renewal(options: argparse.Namespace, listening: socket.socket) -> Renewal:
    names = names_for(options.host, listening.getsockname()[0], *options.name)
    return Renewal(Path(options.credentials), names)


async def _serve(
    database: Database,
    listening: socket.socket,
    parent: int | None,
    renewal: Renewal | None = None,
    metrics: Path | None = None,
) -> int:
    store = ObjectStore(database)
    await Deletion(store, now).recover()
    server = ApiServer(store, renewal.guard if renewal is not None else None, raise_file_limit(), metrics)
    loop = asyncio.get_running_loop()
    renewing = asyncio.create_task(renewal.run()) if renewal is not None else None
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    if parent is not None:
        loop.add_reader(parent, _parent_is_gone, parent, server)
    log.info("serving at %s:%d", *listening.getsockname()[:2])
    await server.run_until_stopped([listening])
    if renewing is not None:
        renewing.cancel()
    if store.ended.done():
        log.error("the store has failed")
        return 3
    await store.close()
    return 0


def _parent_is_gone(descriptor: int, server: ApiServer) -> None:
    if not os.read(descriptor, 1):
        asyncio.get_running_loop().remove_reader(descriptor)
        log.info("the parent has ended")
        server.stop()


if __name__ == "__main__":
    sys.exit(main())
