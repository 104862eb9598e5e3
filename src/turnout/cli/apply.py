"""`turnout apply`: manifests to the API, as `kubectl apply` does it."""

import sys
from typing import TYPE_CHECKING

import click

from turnout.cli.manifestfiles import load_paths
from turnout.cli.target import talk, target_options

if TYPE_CHECKING:
    from turnout.kube.client import Client
    from turnout.resources.document import Document


@click.command("apply")
@click.option(
    "-f",
    "--filename",
    "paths",
    multiple=True,
    metavar="PATH",
    help="A file, a folder of .yaml, .yml and .json files, or - for stdin. May be repeated.",
)
@target_options
def command(paths: tuple[str, ...], api: str, kubeconfig: str, namespace: str) -> None:
    """Create or change what the manifests describe. Every object is tried; exits 1 if one failed."""
    if not paths:
        raise click.UsageError("nothing to apply: name a file or folder with -f")
    loaded = load_paths(paths)
    documents = [each.document for each in loaded.documents]

    async def work(client: "Client") -> int:
        return await _apply(client, documents, namespace)

    code = talk(api, kubeconfig, work, writes=True)
    for fault in loaded.faults:
        click.echo(f"error: {fault}", err=True)
    if not documents and not loaded.faults:
        click.echo("error: no objects in what was given", err=True)
    sys.exit(1 if loaded.faults or not documents else code)


async def _apply(client: "Client", documents: "list[Document]", namespace: str) -> int:
    from turnout.kube.apply import applying

    failed = False
    async for applied in applying(client, documents, namespace=namespace, tries=1):
        for warning in applied.warnings:
            click.echo(f"Warning: {warning}", err=True)
        if applied.error:
            failed = True
            click.echo(f"error: {applied.name}: {applied.error}", err=True)
        else:
            click.echo(f"{applied.name} {applied.outcome}")
    return int(failed)
