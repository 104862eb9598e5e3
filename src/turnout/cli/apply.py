"""`turnout apply`: manifests to the API, as `kubectl apply` does it."""

import sys
from typing import TYPE_CHECKING

import click

from turnout.cli.flags import FlagCommand
from turnout.cli.manifestfiles import load_paths
from turnout.cli.outputs import Form, form_of
from turnout.cli.refusals import Refusal, told, unmapped
from turnout.cli.target import talk, target_options

if TYPE_CHECKING:
    from turnout.cli.manifestfiles import Loaded
    from turnout.kube.apply import Applied
    from turnout.kube.client import Client
    from turnout.resources.document import Document

DRY = {"none": "", "server": " (server dry run)"}


@click.command("apply", cls=FlagCommand)
@click.option(
    "-f",
    "--filename",
    "paths",
    multiple=True,
    metavar="PATH",
    help="A file, a folder of .yaml, .yml and .json files, or - for stdin. May be repeated.",
)
@click.option("--dry-run", type=click.Choice(list(DRY)), default="none", help="`server`: checked, but not stored.")
@click.option("-o", "--output", default="", metavar="FORMAT", help="yaml, json, name or jsonpath=TEMPLATE.")
@target_options
def command(paths: tuple[str, ...], dry_run: str, output: str, api: str, kubeconfig: str, namespace: str) -> None:
    """Create or change what the manifests describe. Every object is tried; exits 1 if one failed."""
    if not paths:
        raise click.UsageError("nothing to apply: name a file or folder with -f")
    form = form_of(output)
    loaded = load_paths(paths)
    if not loaded.documents:
        for fault in loaded.faults:
            click.echo(f"error: {fault}", err=True)
        if not loaded.faults:
            click.echo("error: no objects passed to apply", err=True)
        sys.exit(1)

    async def work(client: "Client") -> int:
        return await _apply(client, loaded, namespace, form, dry_run)

    code = talk(api, kubeconfig, work, writes=True)
    for fault in loaded.faults:
        click.echo(f"error: {fault}", err=True)
    sys.exit(1 if loaded.faults else code)


async def _apply(client: "Client", loaded: "Loaded", namespace: str, form: Form, dry_run: str) -> int:
    from turnout.kube.apply import applying

    documents = [each.document for each in loaded.documents]
    files = {id(document): each.file for document, each in zip(documents, loaded.documents, strict=True)}
    refusals: list[Refusal] = []
    made: list[Document] = []
    async for applied in applying(client, documents, namespace=namespace, tries=1, dry_run=dry_run == "server"):
        for warning in applied.warnings:
            click.echo(f"Warning: {warning}", err=True)
        if applied.error:
            refusals.append(_refusal(applied, files.get(id(applied.source), "")))
            continue
        made.append(applied.document)
        if form.output == "name":
            click.echo(applied.name)
        elif form.table:
            click.echo(f"{applied.name} {applied.outcome}{DRY[dry_run]}")
    if made and not form.table and form.output != "name":
        whole = {"apiVersion": "v1", "kind": "List", "items": made, "metadata": {"resourceVersion": ""}}
        click.echo(form.text(made[0] if len(documents) == 1 else whole), nl=False)
    for line in told(refusals):
        click.echo(line, err=True)
    return int(bool(refusals))


def _refusal(applied: "Applied", file: str) -> Refusal:
    if applied.error.startswith("no matches for kind"):
        return Refusal(unmapped(applied.source, file, applied.error))
    doing = "creating" if applied.creating else "patching"
    return Refusal(f"{file}: {applied.name}: {applied.error}", f'{doing} "{file}"', applied.refusal)
