"""`python -m turnout.runners.scraper --run DIR`: the scraper as a process.

Takes the membership from the controller, and keeps the last one while the controller is away; tells the workers.
"""

import asyncio
import contextlib
import logging
import os
import signal
from pathlib import Path

import aiohttp
import click
import uvloop

from turnout.channels import Decoder, EndpointStates, Hello, Membership, encode
from turnout.channels.inflight import InflightFile
from turnout.scrape.broadcast import Broadcast
from turnout.scrape.poller import Poller
from turnout.telemetry.logs import configure

log = logging.getLogger("turnout.runners")

RETRY = 0.05


@click.command()
@click.option("--run", "folder", type=click.Path(path_type=Path, file_okay=False, exists=True), required=True)
@click.option("--parent-fd", type=int, help="A descriptor that ends when the parent does.")
def main(folder: Path, parent_fd: int | None) -> None:
    """Poll the model servers of RUN's pools, until SIGTERM or the end of the parent."""
    configure("scraper")
    uvloop.run(_live(folder, parent_fd))


async def _live(folder: Path, parent_fd: int | None) -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    if parent_fd is not None:
        loop.add_reader(parent_fd, _watch_parent, parent_fd, ended)
    connector = aiohttp.TCPConnector(limit=0, limit_per_host=2, keepalive_timeout=4.0)
    async with aiohttp.ClientSession(connector=connector, headers={"User-Agent": "turnout-scraper"}) as session:
        rows = InflightFile.open(folder / "inflight")
        broadcast = Broadcast(folder / "scraper.sock", lambda: EndpointStates(poller.states()))
        poller = Poller(session, rows, broadcast.changed)
        await broadcast.start()
        work = asyncio.gather(_follow(folder / "controller.sock", poller), broadcast.run(), poller.pace())
        end = asyncio.create_task(ended.wait())
        await asyncio.wait((work, end), return_when=asyncio.FIRST_COMPLETED)
        end.cancel()
        if work.done():
            work.result()
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        await poller.close()
        await broadcast.close()


async def _follow(path: Path, poller: Poller) -> None:
    """Takes memberships from the controller, whenever there is one."""
    while True:
        try:
            reader, writer = await asyncio.open_unix_connection(path)
        except (FileNotFoundError, ConnectionRefusedError):
            await asyncio.sleep(RETRY)
            continue
        with contextlib.suppress(ConnectionError):
            writer.write(encode(Hello("scraper", os.getpid())))
            decoder = Decoder()
            while data := await reader.read(65536):
                for message in decoder.feed(data):
                    if isinstance(message, Membership):
                        poller.follow(message.pools)
        writer.close()
        await asyncio.sleep(RETRY)


def _watch_parent(descriptor: int, ended: asyncio.Event) -> None:
    if not os.read(descriptor, 4096):
        ended.set()
        asyncio.get_running_loop().remove_reader(descriptor)


if __name__ == "__main__":
    main()
