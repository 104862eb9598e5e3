"""`python -m turnout.runners.controller --api URL --run DIR --gateway-port PORT`: the controller as a process."""

from pathlib import Path

import click
import uvloop

from turnout.kube.client import Client
from turnout.kube.kubeconfig import find_target
from turnout.kube.target import Target
from turnout.runners.controller.controller import Controller
from turnout.runners.lifetime import live
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
    uvloop.run(live(_work(find_target(api, kubeconfig), folder, (gateway_host, gateway_port)), parent_fd))


async def _work(target: Target, folder: Path, gateway: tuple[str, int]) -> None:
    async with Client(target, agent="turnout-controller") as client:
        await Controller(client, folder, gateway).run()


if __name__ == "__main__":
    main()
