"""`turnout rollout history`: what served, and what tried to."""

import sys
import time
from typing import TYPE_CHECKING

import click

from turnout.cli.rollout.reading import mapping, mappings, text
from turnout.cli.target import talk, target_options
from turnout.resources.document import Document

if TYPE_CHECKING:
    from turnout.kube.client import Client

COLUMNS = ("REVISION", "POOL", "RESULT", "FINISHED", "NOTE")


@click.command("history")
@click.argument("name")
@target_options
def command(name: str, api: str, kubeconfig: str, namespace: str) -> None:
    """Show the revisions that a rollout has brought or tried, the newest first: what `undo` can return to."""

    async def work(client: "Client") -> int:
        from turnout.cli.printing import aligned
        from turnout.cli.rollout.objects import ROLLOUTS

        rollout = await client.get(ROLLOUTS, namespace or client.target.namespace, name)
        found = rows(rollout, time.time())
        if not found:
            click.echo("Nothing has finished yet.", err=True)
            return 0
        for line in aligned([COLUMNS, *found]):
            click.echo(line)
        return 0

    sys.exit(talk(api, kubeconfig, work))


def rows(rollout: Document, now: float) -> list[tuple[str, ...]]:
    """`COLUMNS` of each entry, the newest first."""
    from turnout.cli.rollout.standing import age

    status = mapping(rollout, "status")
    quarantined = status.get("quarantined")
    barred = set(quarantined) if isinstance(quarantined, list) else set()
    return [
        (
            text(entry.get("revision"), "-"),
            text(entry.get("pool"), "-"),
            text(entry.get("completionStatus"), "-"),
            ago(age(entry.get("finishedAt"), now)),
            "quarantined" if entry.get("revision") in barred else "",
        )
        for entry in reversed(mappings(status.get("history")))
    ]


def ago(elapsed: str) -> str:
    """`5m ago`."""
    return elapsed if elapsed == "-" else f"{elapsed} ago"
