"""Actions: written on the rollout as an annotation, and answered by the controller in its status."""

import asyncio
import functools
import json
import sys
import uuid
from collections.abc import Callable
from contextlib import aclosing
from typing import TYPE_CHECKING

import click

from turnout.cli.rollout.durations import DURATION, seconds
from turnout.cli.target import Asked, talk, target_options
from turnout.resources.document import Document

if TYPE_CHECKING:
    from turnout.kube.client import Client


def acting(ask: Callable[..., Document]) -> click.Command:
    """A verb on a rollout NAME, named like the function: what it returns is the action's own fields."""
    verb = ask.__name__.replace("_", "-")

    @functools.wraps(ask)
    def run(
        name: str,
        wait: bool,  # noqa: FBT001 - a flag
        timeout: str,
        api: str,
        kubeconfig: str,
        namespace: str,
        **options: object,
    ) -> None:
        wish = {"id": str(uuid.uuid4()), "verb": verb, **ask(**options)}

        async def work(client: "Client") -> int:
            where = namespace or client.target.namespace
            return await send(client, where, name, wish, seconds(timeout) if wait else None)

        sys.exit(talk(api, kubeconfig, work, writes=True))

    waited = click.option("--timeout", type=DURATION, default="10s", show_default=True, help="How long to wait for it.")
    waits = click.option("--wait/--no-wait", default=True, help="Wait for the controller's answer (the default).")
    return click.command(verb)(click.argument("name")(waits(waited(target_options(run)))))


async def send(client: "Client", namespace: str, name: str, wish: Document, limit: float | None) -> int:
    """Writes the action and prints what became of it within `limit` seconds (None: does not wait). 1: refused."""
    from turnout.cli.rollout.objects import ROLLOUTS
    from turnout.cli.rollout.standing import ANNOTATION, pending

    before = pending(await client.get(ROLLOUTS, namespace, name))
    if before:
        click.echo(f"Warning: `{before}`, which has no answer yet, is replaced", err=True)
    patch = {"metadata": {"annotations": {ANNOTATION: json.dumps(wish, separators=(",", ":"))}}}
    written = await client.patch(ROLLOUTS, namespace, name, patch)
    title = f"{ROLLOUTS.title}/{name}"
    if limit is None:
        click.echo(f"{title}: {wish['verb']} asked for")
        return 0
    try:
        async with asyncio.timeout(limit):
            result, message = await answer(client, written, str(wish["id"]))
    except TimeoutError as error:
        raise Asked(
            f"error: no controller has answered within {limit:g} s; {wish['verb']} stays asked for on {title}"
        ) from error
    if result == "Refused":
        raise Asked(f"error: {wish['verb']} is refused: {message}")
    click.echo(f"{title}: {message or wish['verb']}")
    return 0


async def answer(client: "Client", written: Document, wish: str) -> tuple[str, str]:
    """Result and message of the action with that id, which `written` has.

    Raises Asked if another action or a deletion comes before it.
    """
    from turnout.cli.rollout.objects import changes, version
    from turnout.cli.rollout.reading import mapping, text
    from turnout.cli.rollout.standing import action

    name, namespace = written["metadata"]["name"], written["metadata"]["namespace"]
    async with aclosing(changes(client, namespace, name, since=version(written))) as told:
        async for rollout in told:
            if rollout is None:
                raise Asked(f"error: {name} was deleted before an answer came")
            last = mapping(rollout, "status", "lastAction")
            if last.get("id") == wish:
                return text(last.get("result")), text(last.get("message"))
            other = action(rollout)
            if other.get("id") != wish:
                raise Asked(
                    f"error: another action, `{text(other.get('verb'), '?')}`, came before an answer to this one"
                )
    raise AssertionError("a rollout's changes end with its deletion")
