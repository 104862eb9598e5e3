"""`turnout rollout status`: for scripts, which go by its exit code."""

import asyncio
import sys
from contextlib import aclosing
from typing import TYPE_CHECKING

import click

from turnout.cli.rollout.durations import DURATION, seconds
from turnout.cli.target import Asked, talk, target_options

if TYPE_CHECKING:
    from turnout.kube.client import Client

CODES = {"Healthy": 0, "Degraded": 1, "Paused": 3}
UNDECIDED = 2


@click.command("status")
@click.argument("name")
@click.option("-w", "--watch", is_flag=True, help="Waits until it is no more in progress.")
@click.option("-t", "--timeout", type=DURATION, help="How long to wait. Default: for ever.")
@target_options
def command(
    name: str,
    watch: bool,  # noqa: FBT001 - a flag
    timeout: str | None,
    api: str,
    kubeconfig: str,
    namespace: str,
) -> None:
    """Say how a rollout stands: exits 0 if Healthy, 1 if Degraded, 3 if Paused, 2 if it is in progress (still).

    What the controller has not taken up yet (a new spec, an action) is in progress too.
    """
    if timeout and not watch:
        raise click.UsageError("--timeout is how long -w waits")

    async def work(client: "Client") -> int:
        where = namespace or client.target.namespace
        try:
            async with asyncio.timeout(seconds(timeout) if timeout else None):
                return await follow(client, where, name, watch=watch)
        except TimeoutError:
            click.echo(f"error: {name} is still in progress after {timeout}", err=True)
            return UNDECIDED

    sys.exit(talk(api, kubeconfig, work))


async def follow(client: "Client", namespace: str, name: str, *, watch: bool) -> int:
    """Prints each new standing; the exit code of the last. Raises Asked if the rollout is deleted."""
    from turnout.cli.rollout.objects import changes
    from turnout.cli.rollout.standing import standing

    before = ""
    async with aclosing(changes(client, namespace, name)) as told:
        async for rollout in told:
            if rollout is None:
                break
            state = standing(rollout)
            if state.sentence != before:
                click.echo(state.sentence)
                sys.stdout.flush()
            before = state.sentence
            if state.phase in CODES or not watch:
                return CODES.get(state.phase, UNDECIDED)
    raise Asked(f"error: {name} was deleted")
