"""`turnout delete`: objects by name, by label, or those of manifests."""

import sys
from typing import TYPE_CHECKING

import click

from turnout.cli.flags import DURATION_TYPE, FlagCommand
from turnout.cli.manifestfiles import load_paths
from turnout.cli.refusals import Refusal, told
from turnout.cli.target import talk, target_options

if TYPE_CHECKING:
    from turnout.cli.deletions import Doomed
    from turnout.kube.client import Client

DRY = {"none": "", "server": " (server dry run)"}
CASCADES = {"background": "Background", "foreground": "Foreground", "orphan": "Orphan"}


@click.command("delete", cls=FlagCommand)
@click.argument("objects", nargs=-1, metavar="[KIND NAME... | KIND/NAME...]")
@click.option(
    "-f",
    "--filename",
    "paths",
    multiple=True,
    metavar="PATH",
    help="A file, a folder of .yaml, .yml and .json files, or - for stdin. May be repeated.",
)
@click.option("-l", "--selector", default="", metavar="LABELS", help="All of KIND with these labels: a=b,c!=d.")
@click.option("--all", "everything", is_flag=True, help="All of KIND in the namespace.")
@click.option("--ignore-not-found", is_flag=True, help="What is not there is as good as deleted.")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Until the objects are gone.")
@click.option("--timeout", type=DURATION_TYPE, default=0.0, help="How long to wait; 0 is without an end.")
@click.option("--cascade", type=click.Choice(list(CASCADES)), default="background", help="What becomes of dependents.")
@click.option("--dry-run", type=click.Choice(list(DRY)), default="none", help="`server`: asked, but not done.")
@target_options
def command(  # noqa: PLR0913 - one parameter per option
    objects: tuple[str, ...],
    paths: tuple[str, ...],
    selector: str,
    everything: bool,  # noqa: FBT001 - a flag
    ignore_not_found: bool,  # noqa: FBT001 - a flag
    wait: bool,  # noqa: FBT001 - a flag
    timeout: float,
    cascade: str,
    dry_run: str,
    api: str,
    kubeconfig: str,
    namespace: str,
) -> None:
    """Delete objects: KIND NAME..., KIND/NAME..., KIND -l LABELS, or all that the manifests of -f name."""
    if bool(paths) == bool(objects) or (paths and (selector or everything)):
        raise click.UsageError("say what to delete: KIND NAME..., KIND -l LABELS, KIND --all, or -f PATH")
    loaded = load_paths(paths)

    order = Order(ignore_not_found=ignore_not_found, wait=wait, dry_run=dry_run == "server")
    order.timeout, order.policy = timeout or None, CASCADES[cascade]

    async def work(client: "Client") -> int:
        from turnout.cli.deletions import of_arguments, of_manifests
        from turnout.kube.discovery import Discovery

        where = namespace or client.target.namespace
        lost: list[Refusal] = []
        if paths:
            doomed = await of_manifests(Discovery(client), loaded.documents, where, lost)
        else:
            doomed = await of_arguments(client, Discovery(client), objects, where, selector, everything=everything)
        if not doomed and not lost and not loaded.faults:
            click.echo("No resources found")
        return await _delete(client, doomed, order, lost)

    code = talk(api, kubeconfig, work, writes=True)
    for fault in loaded.faults:
        click.echo(f"error: {fault}", err=True)
    sys.exit(1 if loaded.faults else code)


class Order:
    """How to delete. `timeout` is in seconds; None waits without an end."""

    def __init__(self, *, ignore_not_found: bool, wait: bool, dry_run: bool) -> None:
        self.ignore_not_found = ignore_not_found
        self.wait = wait
        self.dry_run = dry_run
        self.timeout: float | None = None
        self.policy = CASCADES["background"]


async def _delete(client: "Client", doomed: "list[Doomed]", order: Order, lost: list[Refusal]) -> int:
    from turnout.cli.deletions import Deletions

    refusals: list[Refusal] = []
    deletions = Deletions(client, dry_run=order.dry_run, policy=order.policy)
    async for each, error in deletions.delete(doomed):
        if error is None:
            click.echo(f'{each.resource.title} "{each.name}" deleted{DRY["server" if order.dry_run else "none"]}')
        elif not (error.not_found and (order.ignore_not_found or each.listed)):
            refusals.append(Refusal("", f'deleting "{each.file}"' if each.file else "", error))
    if order.wait and not await deletions.gone(order.timeout):
        refusals.append(Refusal("timed out waiting for the condition"))
    for line in told([*refusals, *lost]):
        click.echo(line, err=True)
    return int(bool(refusals or lost))
