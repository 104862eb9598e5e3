"""`python -m turnout.runners.worker ...`: a gateway worker as a process. Exits 0 when drained or without a parent."""

import asyncio
import logging
import signal
import socket
import sys
from pathlib import Path

import click
import uvloop

from turnout.channels import Accepting, Renew
from turnout.channels.inflight import InflightFile
from turnout.proxy.control import Control
from turnout.proxy.limits import Limits
from turnout.proxy.worker import Worker
from turnout.runners.lifetime import allow_descriptors, connection_limit
from turnout.telemetry.access_log import AccessLog
from turnout.telemetry.logs import configure

log = logging.getLogger("turnout.runners")


@click.command()
@click.option("--number", type=click.IntRange(0), required=True, help="Which of the workers this is, from 0.")
@click.option("--workers", type=click.IntRange(1), required=True, help="How many there are.")
@click.option("--run", "folder", type=click.Path(path_type=Path, file_okay=False, exists=True), required=True)
@click.option("--control-fd", type=click.IntRange(0), required=True, help="The socket to the parent.")
@click.option("--drain-seconds", type=click.FloatRange(0), default=30.0, show_default=True)
@click.option("--access-log", metavar="PATH|-", help="Logs all requests there, unless their Gateway says otherwise.")
def main(
    number: int, workers: int, folder: Path, control_fd: int, drain_seconds: float, access_log: str | None
) -> None:
    """Serve the gateway's ports that the parent hands over, until it says stop or is gone."""
    configure(f"worker-{number}")
    if number >= workers:
        raise click.BadParameter(f"there is no worker {number} among {workers}", param_hint="--number")
    allow_descriptors()
    try:
        inflight = InflightFile.open(folder / "inflight")
    except (OSError, ValueError) as error:
        log.error("%s", error)  # noqa: TRY400 - the message says all
        sys.exit(1)
    kept = AccessLog(access_log or "-", number, 1.0 if access_log is not None else -1.0)
    if uvloop.run(_live(number, folder, inflight, control_fd, drain_seconds, kept)):
        sys.exit(1)


async def _live(
    number: int, folder: Path, inflight: InflightFile, control_fd: int, drain: float, access_log: AccessLog
) -> bool:
    limits = Limits(connections=connection_limit())
    worker = Worker(number, folder, inflight, drain, limits, access_log)
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, worker.drain)
    control = Control(socket.socket(fileno=control_fd), worker)
    loop.add_signal_handler(signal.SIGHUP, control.say, Renew())
    worker.start()
    telling = loop.create_task(_tell(worker, control))
    await worker.ended.wait()
    telling.cancel()
    control.close()
    await worker.close()
    return worker.failed


async def _tell(worker: Worker, control: Control) -> None:
    await worker.accepting.wait()
    control.say(Accepting())


if __name__ == "__main__":
    main()
