"""`turnout describe`: objects in words, with their conditions and events."""

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from turnout.cli.flags import FlagCommand
from turnout.cli.target import refusal, talk, target_options

if TYPE_CHECKING:
    from turnout.cli.places import Place
    from turnout.kube.client import Client
    from turnout.resources.document import Document


@click.command("describe", cls=FlagCommand)
@click.argument("objects", nargs=-1, metavar="KIND [NAME]... | KIND/NAME...")
@click.option("-f", "--filename", "paths", multiple=True, metavar="PATH", help="The objects that the manifests name.")
@click.option("-A", "--all-namespaces", is_flag=True, help="Of all namespaces.")
@click.option("-l", "--selector", default="", metavar="LABELS", help="Only objects with these labels: a=b,c!=d.")
@target_options
def command(
    objects: tuple[str, ...],
    paths: tuple[str, ...],
    all_namespaces: bool,  # noqa: FBT001 - a flag
    selector: str,
    api: str,
    kubeconfig: str,
    namespace: str,
) -> None:
    """Show everything about objects: spec, status, conditions and events. Values of Secrets are not shown."""
    if bool(objects) == bool(paths):
        raise click.UsageError("say what to describe: KIND [NAME]..., KIND/NAME..., or -f PATH")

    async def work(client: "Client") -> int:
        from turnout.cli.places import nothing_found, places_of
        from turnout.kube.discovery import Discovery

        where = "" if all_namespaces else namespace or client.target.namespace
        places = await places_of(Discovery(client), objects, paths, where)
        found, refused = await _found(client, places, {"labelSelector": selector} if selector else {})
        for number, document in enumerate(found):
            await _show(client, document, first=not number)
        for each in refused:
            click.echo(each, err=True)
        if not found and not refused:
            click.echo(nothing_found(places), err=True)
        return int(bool(refused))

    sys.exit(talk(api, kubeconfig, work))


async def _found(
    client: "Client", places: "list[Place]", parameters: dict[str, str]
) -> "tuple[list[Document], list[str]]":
    """The objects, and what the server said of those that it did not give."""
    from turnout.store import ApiError

    found: list[Document] = []
    refused: list[str] = []
    for place in places:
        kind = {"apiVersion": place.resource.api_version, "kind": place.resource.kind}
        for path in place.paths():
            try:
                answer = (await client.send("GET", path, {} if place.names else parameters)).document
            except ApiError as error:
                refused.append(refusal(error))
            else:
                found += [{**kind, **each} for each in answer.get("items", [answer])]
    return found, refused


async def _show(client: "Client", document: "Document", *, first: bool) -> None:
    from turnout.cli.descriptions import described

    if not first:
        click.echo("\n")
    for line in described(document, await _events(client, document), datetime.now(UTC)):
        click.echo(line)


async def _events(client: "Client", document: "Document") -> "list[Document]":
    from turnout.kube.target import path_of
    from turnout.store import ApiError, ApiResource

    events = ApiResource("", "v1", "events", "Event", namespaced=True)
    metadata = document["metadata"]
    asked = {"fieldSelector": f"involvedObject.uid={metadata.get('uid')}"}
    try:
        answer = await client.send("GET", path_of(events, metadata.get("namespace") or "default"), asked)
    except ApiError as error:
        if error.not_found or error.code == 403:
            return []
        raise
    return list(answer.document.get("items") or ())
