"""How a child of `turnout up` lives: with as many descriptors as it may have, until it is told to end or is alone."""

import asyncio
import os
import resource
import signal
from collections.abc import Coroutine

MOST_CLIENTS = 1_000_000
"""Connections that a worker serves at once at most, however many descriptors it may have."""


def allow_descriptors() -> None:
    """As many as the system lets us have: each connection takes one, and 1,024 is a common soft limit."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def connection_limit() -> int:
    """Clients that a worker can serve at once: each takes a descriptor, its server another, and some are ours."""
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_CLIENTS if most == resource.RLIM_INFINITY else min(MOST_CLIENTS, max(64, (most - 256) // 2))


async def live(work: Coroutine[None, None, None], parent_fd: int | None) -> None:
    """Runs `work` until SIGTERM, SIGINT or the parent's end, at which `parent_fd` reads as ended. Raises its errors."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    if parent_fd is not None:
        loop.add_reader(parent_fd, _watch_parent, parent_fd, ended)
    working = asyncio.create_task(work)
    end = asyncio.create_task(ended.wait())
    await asyncio.wait((working, end), return_when=asyncio.FIRST_COMPLETED)
    end.cancel()
    if working.done():
        working.result()
    working.cancel()
    await asyncio.gather(working, end, return_exceptions=True)


def _watch_parent(descriptor: int, ended: asyncio.Event) -> None:
    if not os.read(descriptor, 4096):
        ended.set()
        asyncio.get_running_loop().remove_reader(descriptor)
