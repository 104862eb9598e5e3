"""`python -m turnout.runners.scraper --run DIR`: the scraper as a process.

Exits 0 after SIGTERM or the end of the parent, 1 if RUN holds no file of requests in flight.
"""

import asyncio
import logging
import os
import resource
import signal
import sys
from pathlib import Path

import click
import uvloop

from turnout.channels.inflight import InflightFile
from turnout.runners.controller.channel import bind
from turnout.scrape.board import Board
from turnout.scrape.follow import follow
from turnout.scrape.probe import Prober
from turnout.scrape.scraper import Scraper
from turnout.telemetry.logs import configure

log = logging.getLogger("turnout.scrape")


@click.command()
@click.option("--run", "folder", type=click.Path(path_type=Path, file_okay=False, exists=True), required=True)
@click.option("--parent-fd", type=int, help="A descriptor that ends when the parent does.")
def main(folder: Path, parent_fd: int | None) -> None:
    """Watch the endpoints of every pool of RUN, until SIGTERM or the end of the parent."""
    configure("scraper")
    _allow_connections()
    try:
        inflight = InflightFile.open(folder / "inflight")
    except (OSError, ValueError) as error:
        log.error("%s", error)  # noqa: TRY400 - the message says all
        sys.exit(1)
    uvloop.run(_live(folder, inflight, parent_fd))


async def _live(folder: Path, inflight: InflightFile, parent_fd: int | None) -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    if parent_fd is not None:
        loop.add_reader(parent_fd, _watch_parent, parent_fd, ended)
    work = asyncio.create_task(_work(folder, inflight))
    end = asyncio.create_task(ended.wait())
    await asyncio.wait((work, end), return_when=asyncio.FIRST_COMPLETED)
    end.cancel()
    if work.done():
        work.result()
    work.cancel()
    await asyncio.gather(work, end, return_exceptions=True)


async def _work(folder: Path, inflight: InflightFile) -> None:
    board = Board()
    await board.serve(bind(folder / "scraper.sock"))
    try:
        async with Prober.opened() as prober, asyncio.TaskGroup() as tasks:
            scraper = Scraper(prober, board, inflight)
            tasks.create_task(scraper.run(), name="scraper")
            tasks.create_task(follow(folder / "controller.sock", scraper.take), name="controller")
    finally:
        board.close()


def _allow_connections() -> None:
    """As many as the system lets us have: each endpoint takes two, and 1,024 is a common soft limit."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _watch_parent(descriptor: int, ended: asyncio.Event) -> None:
    if not os.read(descriptor, 4096):
        ended.set()
        asyncio.get_running_loop().remove_reader(descriptor)


if __name__ == "__main__":
    main()
