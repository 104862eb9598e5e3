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

from turnout.apiserver.database import Database, DatabaseError
from turnout.apiserver.deletion import Deletion
from turnout.apiserver.object_store import ObjectStore
from turnout.apiserver.server import ApiServer, ExposedError, check_loopback
from turnout.apiserver.state_folder import FolderError, FolderTakenError, StateFolder
from turnout.apiserver.writes import now
from turnout.telemetry import logs

log = logging.getLogger("turnout.apiserver")


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves until told to stop; returns the exit code."""
    options = _options(arguments)
    logs.configure("api")
    # uvicorn's own words go where ours go, when they matter.
    uvicorn = logging.getLogger("uvicorn")
    uvicorn.handlers, uvicorn.propagate = logging.getLogger("turnout").handlers, False
    uvicorn.setLevel(logging.WARNING)
    try:
        listening = _listen(options.fd, options.host, options.port)
        check_loopback(listening)
        folder = None if options.state == "memory" else StateFolder.take(Path(options.state), _owner(listening))
        database = _open(folder)
    except (ExposedError, FolderTakenError, FolderError, DatabaseError, OSError) as error:
        log.error("%s", error)  # noqa: TRY400 - the message says all; a traceback would hide it
        return 1
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_serve(database, listening, options.parent_fd))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m turnout.runners.api", description=__doc__)
    parser.add_argument("--state", required=True, metavar="DIR|memory", help="where objects are kept")
    parser.add_argument("--fd", type=int, help="an inherited listening socket")
    parser.add_argument("--host", default="127.0.0.1", help="with --port, when there is no --fd")
    parser.add_argument("--port", type=int, default=0, help="0 means a free one")
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


def _owner(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"process {os.getpid()}, API at http://{f'[{host}]' if ':' in host else host}:{port}"


def _open(folder: StateFolder | None) -> Database:
    if folder is not None:
        return Database(folder.database)
    # What keeps nothing must not begin at the versions of its last life: its clients would miss changes unawares.
    return Database(None, first=time.time_ns() // 1_000)


async def _serve(database: Database, listening: socket.socket, parent: int | None) -> int:
    store = ObjectStore(database)
    await Deletion(store, now).recover()
    server = ApiServer(store)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    if parent is not None:
        loop.add_reader(parent, _parent_is_gone, parent, server)
    log.info("serving at %s:%d", *listening.getsockname()[:2])
    await server.run_until_stopped([listening])
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
