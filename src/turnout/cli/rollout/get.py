"""`turnout rollout get`: one rollout as a tree, once or as it goes."""

import sys
import time
from contextlib import aclosing
from typing import TYPE_CHECKING

import click

from turnout.cli.target import talk, target_options
from turnout.resources.document import Document

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from turnout.kube.client import Client

    Told = AsyncGenerator[Document | None, None]


@click.command("get")
@click.argument("name")
@click.option("-w", "--watch", is_flag=True, help="Goes on: redrawn on a terminal, else a line for each change.")
@click.option("-o", "--output", type=click.Choice(["yaml", "json"]), help="The object, instead of the tree.")
@target_options
def command(
    name: str,
    watch: bool,  # noqa: FBT001 - a flag
    output: str | None,
    api: str,
    kubeconfig: str,
    namespace: str,
) -> None:
    """Show a rollout: step, weights, pools and evidence."""

    async def work(client: "Client") -> int:
        from turnout.cli.rollout.objects import ROLLOUTS, changes, printed

        where = namespace or client.target.namespace
        if not watch:
            rollout = await client.get(ROLLOUTS, where, name)
            text = printed(rollout, output) if output else "\n".join(await picture(client, rollout)) + "\n"
            click.echo(text, nl=False)
            return 0
        async with aclosing(changes(client, where, name)) as told:
            if output:
                await print_objects(told, output)
            elif sys.stdout.isatty():
                await redraw(client, told)
            else:
                await print_lines(told)
        return 0

    sys.exit(talk(api, kubeconfig, work))


async def picture(client: "Client", rollout: Document) -> list[str]:
    """The tree as it is now."""
    from turnout.cli.rollout.tree import lines

    return list(lines(rollout, await pools(client, rollout), time.time()))


async def pools(client: "Client", rollout: Document) -> dict[str, str]:
    """When each of the rollout's pools was made; not of those that are missing or may not be read."""
    from turnout.cli.rollout.objects import POOLS
    from turnout.cli.rollout.tree import backends_of
    from turnout.store import ApiError

    found = {}
    for backend in backends_of(rollout):
        try:
            pool = await client.get(POOLS, rollout["metadata"]["namespace"], backend.name)
        except ApiError:
            continue
        found[backend.name] = pool["metadata"].get("creationTimestamp", "")
    return found


async def print_objects(told: "Told", output: str) -> None:
    """The object after each change."""
    from turnout.cli.rollout.objects import printed

    async for rollout in told:
        if rollout is not None:
            click.echo(("---\n" if output == "yaml" else "") + printed(rollout, output), nl=False)
            sys.stdout.flush()


async def print_lines(told: "Told") -> None:
    """A line for each change that a reader can see."""
    from turnout.cli.rollout.standing import line

    before = ""
    async for rollout in told:
        said = "deleted" if rollout is None else line(rollout)
        if said != before:
            click.echo(said)
            sys.stdout.flush()
        before = said


async def redraw(client: "Client", told: "Told") -> None:
    """The tree in place, drawn anew after each change and each second, as ages grow."""
    from rich.live import Live
    from rich.text import Text

    from turnout.cli.rollout.tree import lines

    shown: Document = {}
    made: dict[str, str] = {}

    def drawn() -> Text:
        return Text("\n".join(lines(shown, made, time.time())) if shown else "", no_wrap=True, overflow="ellipsis")

    with Live(get_renderable=drawn, refresh_per_second=1) as live:
        async for rollout in told:
            if rollout is None:
                break
            if not made:
                made = await pools(client, rollout)
            shown = rollout
            live.refresh()
    if rollout is None:
        click.echo("deleted")
