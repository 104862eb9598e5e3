"""`python -m turnout.runners.controller --api URL --run DIR --gateway-port PORT`: the controller as a process."""

import asyncio
import os
import signal
from pathlib import Path

import click
import uvloop

from turnout.kube.client import Client
from turnout.kube.kubeconfig import find_target
from turnout.kube.target import Target
from turnout.runners.controller.controller import Controller
from turnout.telemetry.logs import configure


@click.command()
@click.option("--api", default="", help="The API's URL.")
@click.option("--kubeconfig", default="", help="The kubeconfig that names the API, if --api does not.")
@click.option("--run", "folder", type=click.Path(path_type=Path, file_okay=False, exists=True), required=True)
@click.option("--gateway-host", default="127.0.0.1", help="The address that all listeners are served on.")
@click.option("--gateway-port", type=int, required=True, help="Where the first HTTP listener is served.")
@click.option("--parent-fd", type=int, help="A descriptor that ends when the parent does.")
def main(api: str, kubeconfig: str, folder: Path, gateway_host: str, gateway_port: int, parent_fd: int | None) -> None:
    """Turn objects into tables for the workers of RUN, until SIGTERM or the end of the parent."""
    configure("controller")
    uvloop.run(_live(find_target(api, kubeconfig), folder, (gateway_host, gateway_port), parent_fd))


async def _live(target: Target, folder: Path, gateway: tuple[str, int], parent_fd: int | None) -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    if parent_fd is not None:
        loop.add_reader(parent_fd, _watch_parent, parent_fd, ended)
    async with Client(target, agent="turnout-controller") as client:
        work = asyncio.create_task(Controller(client, folder, gateway).run())
        end = asyncio.create_task(ended.wait())
        await asyncio.wait((work, end), return_when=asyncio.FIRST_COMPLETED)
        end.cancel()
        if work.done():
            work.result()
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


def _watch_parent(descriptor: int, ended: asyncio.Event) -> None:
    if not os.read(descriptor, 4096):
        ended.set()
        asyncio.get_running_loop().remove_reader(descriptor)


if __name__ == "__main__":
    main()
