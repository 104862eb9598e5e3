"""`turnout rollout list`: all rollouts, one a line."""

import sys
import time
from typing import TYPE_CHECKING

import click

from turnout.cli.target import talk, target_options

if TYPE_CHECKING:
    from turnout.kube.client import Client


@click.command("list")
@click.option("-A", "--all-namespaces", is_flag=True, help="Of all namespaces.")
@target_options
def command(all_namespaces: bool, api: str, kubeconfig: str, namespace: str) -> None:  # noqa: FBT001 - a flag
    """Show all rollouts."""

    async def work(client: "Client") -> int:
        return await show(client, "" if all_namespaces else namespace or client.target.namespace)

    sys.exit(talk(api, kubeconfig, work))


async def show(client: "Client", namespace: str) -> int:
    """The rollouts of one namespace, or of all if it is empty."""
    from turnout.cli.printing import aligned
    from turnout.cli.rollout.objects import ROLLOUTS
    from turnout.cli.rollout.standing import COLUMNS, row

    items = (await client.list(ROLLOUTS, namespace)).items
    if not items:
        click.echo(f"No rollouts found{f' in {namespace} namespace' if namespace else ''}.", err=True)
        return 0
    now = time.time()
    rows = [COLUMNS, *(row(each, now) for each in items)]
    if not namespace:
        places = ["NAMESPACE", *(each["metadata"]["namespace"] for each in items)]
        rows = [(place, *cells) for place, cells in zip(places, rows, strict=True)]
    for line in aligned(rows):
        click.echo(line)
    return 0
