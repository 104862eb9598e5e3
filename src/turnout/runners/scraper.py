"""`python -m turnout.runners.scraper --run DIR`: the scraper as a process.

Exits 0 after SIGTERM or the end of the parent, 1 if RUN holds no file of requests in flight.
"""

import asyncio
import logging
import sys
from pathlib import Path

import click
import uvloop

from turnout.channels.inflight import InflightFile
from turnout.runners.controller.channel import bind
from turnout.runners.lifetime import allow_descriptors, live
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
    allow_descriptors()
    try:
        inflight = InflightFile.open(folder / "inflight")
    except (OSError, ValueError) as error:
        log.error("%s", error)  # noqa: TRY400 - the message says all
        sys.exit(1)
    uvloop.run(live(_work(folder, inflight), parent_fd))


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


if __name__ == "__main__":
    main()
