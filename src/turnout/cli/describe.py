"""`turnout describe`: one object in words, with its conditions and events."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from turnout.cli.target import talk, target_options
from turnout.resources.document import JSON, Document

if TYPE_CHECKING:
    from turnout.kube.client import Client

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
HIDDEN = {"managedFields", "annotations", "labels", "name", "namespace", "uid", "resourceVersion", "selfLink"}


@click.command("describe")
@click.argument("kind")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@target_options
def command(kind: str, names: tuple[str, ...], api: str, kubeconfig: str, namespace: str) -> None:
    """Show everything about objects: spec, status, conditions and events."""

    async def work(client: "Client") -> int:
        from turnout.kube.discovery import Discovery

        resource = await Discovery(client).of_word(kind)
        where = (namespace or client.target.namespace) if resource.namespaced else ""
        for number, name in enumerate(names):
            document = await client.get(resource, where, name)
            if number:
                click.echo("\n")
            for line in describe(document, await _events(client, document)):
                click.echo(line)
        return 0

    sys.exit(talk(api, kubeconfig, work))


async def _events(client: "Client", document: Document) -> list[Document]:
    from turnout.store import ApiError, ApiResource

    events = ApiResource("", "v1", "events", "Event", namespaced=True)
    metadata = document["metadata"]
    try:
        listing = await client.list(events, metadata.get("namespace") or "default")
    except ApiError as error:
        if error.not_found or error.code == 403:
            return []
        raise
    return [each for each in listing.items if each.get("involvedObject", {}).get("uid") == metadata.get("uid")]


def describe(document: Document, events: list[Document]) -> Iterator[str]:
    """The lines: names first, then what is wanted, then what is, then what happened."""
    from turnout.cli.printing import aligned

    metadata = document["metadata"]
    annotations = {key: value for key, value in metadata.get("annotations", {}).items() if key != LAST_APPLIED}
    head = [
        ("Name:", metadata["name"]),
        ("Namespace:", metadata.get("namespace", "")),
        ("Labels:", _pairs(metadata.get("labels", {}))),
        ("Annotations:", _pairs(annotations)),
        ("API Version:", document.get("apiVersion", "")),
        ("Kind:", document.get("kind", "")),
        ("Created:", metadata.get("creationTimestamp", "")),
        ("Generation:", str(metadata.get("generation", ""))),
    ]
    yield from aligned([pair for pair in head if pair[1]])
    for field, value in document.items():
        if field not in {"apiVersion", "kind", "metadata"}:
            yield f"{_words(field)}:"
            yield from _lines(value, "  ")
    if not events:
        yield "Events:  <none>"
        return
    yield "Events:"
    rows = [("Type", "Reason", "Last Seen", "Message")]
    rows += [(_said(e, "type"), _said(e, "reason"), _said(e, "lastTimestamp"), _said(e, "message")) for e in events]
    yield from aligned(rows, "  ")


def _lines(value: JSON, indent: str) -> Iterator[str]:
    from turnout.cli.printing import aligned

    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "conditions" and inner:
                yield f"{indent}Conditions:"
                rows = [("Type", "Status", "Reason", "Message")]
                rows += [(_said(e, "type"), _said(e, "status"), _said(e, "reason"), _said(e, "message")) for e in inner]
                yield from aligned(rows, indent + "  ")
            elif isinstance(inner, dict | list) and inner:
                yield f"{indent}{_words(key)}:"
                yield from _lines(inner, indent + "  ")
            else:
                yield f"{indent}{_words(key)}:  {_scalar(inner)}"
    elif isinstance(value, list):
        for each in value:
            first, *rest = _lines(each, indent + "  ")
            yield f"{indent}- {first.lstrip()}"
            yield from rest
    else:
        yield f"{indent}{_scalar(value)}"


def _said(document: Document, field: str) -> str:
    return str(document.get(field) or "")


def _scalar(value: JSON) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "<none>" if value in (None, {}, []) else str(value)


def _pairs(values: Document) -> str:
    return ", ".join(f"{key}={value}" for key, value in sorted(values.items())) or "<none>"


def _words(field: str) -> str:
    """`parentRefs` as `Parent Refs`."""
    spaced = "".join(f" {letter}" if letter.isupper() else letter for letter in field)
    return spaced[:1].upper() + spaced[1:]
