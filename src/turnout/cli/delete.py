"""`turnout delete`: objects by name, or those of manifests."""

import sys
from typing import TYPE_CHECKING

import click

from turnout.cli.manifestfiles import load_paths
from turnout.cli.target import refusal, talk, target_options

if TYPE_CHECKING:
    from turnout.kube.client import Client
    from turnout.store import ApiResource

    Named = tuple[ApiResource, str, str]


@click.command("delete")
@click.argument("kind", required=False)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "-f",
    "--filename",
    "paths",
    multiple=True,
    metavar="PATH",
    help="A file, a folder of .yaml, .yml and .json files, or - for stdin. May be repeated.",
)
@click.option("--ignore-not-found", is_flag=True, help="What is not there is as good as deleted.")
@target_options
def command(
    kind: str | None,
    names: tuple[str, ...],
    paths: tuple[str, ...],
    ignore_not_found: bool,  # noqa: FBT001 - a flag
    api: str,
    kubeconfig: str,
    namespace: str,
) -> None:
    """Delete objects: KIND NAME..., or all that the manifests of -f name. Every one is tried."""
    if bool(paths) == bool(kind and names):
        raise click.UsageError("say what to delete: KIND NAME..., or -f PATH")
    loaded = load_paths(paths)

    async def work(client: "Client") -> int:
        from turnout.kube.apply import expand
        from turnout.kube.discovery import Discovery, UnknownKindError

        discovery = Discovery(client)
        default = namespace or client.target.namespace
        failed = 0
        objects: list[Named] = []
        if not paths:
            resource = await discovery.of_word(str(kind))
            objects = [(resource, default, name) for name in names]
        for document in expand(each.document for each in loaded.documents):
            metadata = document.get("metadata") or {}
            try:
                resource = await discovery.of_document(str(document.get("apiVersion")), str(document.get("kind")))
            except UnknownKindError as error:
                click.echo(f"error: {error}", err=True)
                failed = 1
                continue
            objects.append((resource, str(metadata.get("namespace") or default), str(metadata.get("name"))))
        return await _delete(client, objects, ignore_not_found=ignore_not_found) | failed

    code = talk(api, kubeconfig, work, writes=True)
    for fault in loaded.faults:
        click.echo(f"error: {fault}", err=True)
    sys.exit(1 if loaded.faults else code)


async def _delete(client: "Client", objects: "list[Named]", *, ignore_not_found: bool) -> int:
    from turnout.store import ApiError

    failed = 0
    for resource, namespace, name in objects:
        try:
            await client.delete(resource, namespace if resource.namespaced else "", name)
        except ApiError as error:
            if error.not_found and ignore_not_found:
                continue
            click.echo(refusal(error), err=True)
            failed = 1
        else:
            click.echo(f'{resource.title} "{name}" deleted')
    return failed
