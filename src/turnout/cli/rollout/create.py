"""`turnout rollout create`: from a few words, or from a manifest."""

import sys
from typing import TYPE_CHECKING

import click

from turnout.cli.manifestfiles import load_paths
from turnout.cli.rollout.durations import DURATION
from turnout.cli.target import Asked, refusal, talk, target_options
from turnout.resources.document import JSON, Document

if TYPE_CHECKING:
    from turnout.kube.client import Client

WRITE = {"fieldManager": "turnout", "fieldValidation": "Strict"}


class WeightsType(click.ParamType[tuple[int, ...]]):
    """Reads `1,10,50`."""

    name = "WEIGHTS"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """The percents, as they are: whether they rise is for the API to say, with the field."""
        if isinstance(value, tuple):
            return value
        parts = [part.strip().removesuffix("%") for part in str(value).split(",")]
        if not all(part.isascii() and part.isdigit() for part in parts):
            self.fail(f"{value!r} is not a list of percents such as 1,10,50", param, ctx)
        return tuple(map(int, parts))


class PauseType(click.ParamType[str]):
    """Reads a duration, or `manual`."""

    name = "DURATION|manual"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text as it is."""
        from turnout.cli.rollout.manifest import MANUAL

        return MANUAL if value == MANUAL else DURATION.convert(value, param, ctx)


@click.command("create")
@click.argument("name", required=False)
@click.option("--route", metavar="ROUTE", help="The HTTPRoute whose traffic moves.")
@click.option("--rule", default="", help="Its rule of that name; else every rule that names the pool of --from.")
@click.option("--from", "stable", metavar="POOL", help="The InferencePool that serves.")
@click.option("--to", "candidate", metavar="POOL", help="The InferencePool that is to serve.")
@click.option("--steps", "weights", type=WeightsType(), default=(), help="Percents. Default: 1,10,25,50,100.")
@click.option("--pause", type=PauseType(), help="At each weight below 100; `manual`: until promoted.")
@click.option("--analysis", type=DURATION, help="At each weight below 100, at least so long.")
@click.option("--min-samples", type=click.IntRange(1), help="The candidate's requests that each analysis needs.")
@click.option("--bake", type=DURATION, help="How long it is watched with all of the traffic.")
@click.option("-f", "--filename", "paths", multiple=True, metavar="PATH", help="Manifests of rollouts instead, or -.")
@click.option("--dry-run", is_flag=True, help="Checks it and sends nothing.")
@click.option("-o", "--output", type=click.Choice(["yaml", "json"]), help="Prints the object.")
@target_options
def command(
    name: str | None,
    paths: tuple[str, ...],
    dry_run: bool,  # noqa: FBT001 - a flag
    output: str | None,
    api: str,
    kubeconfig: str,
    namespace: str,
    **words: JSON,
) -> None:
    """Start a rollout: NAME --route ROUTE --from POOL --to POOL, or -f PATH.

    With --steps but neither --pause nor --analysis there is an analysis at each weight below 100.
    """
    if paths and (name or any(words.values())):
        raise click.UsageError("-f PATH stands alone: the manifest says the rest")
    documents = read(paths) if paths else [from_words(name, words)]
    if dry_run:
        sys.exit(rehearse(documents, namespace, output or ""))

    async def work(client: "Client") -> int:
        return await create(client, documents, namespace, output or "")

    sys.exit(talk(api, kubeconfig, work, writes=True))


def from_words(name: str | None, words: dict[str, JSON]) -> Document:
    """The manifest of NAME and the options. Raises click.UsageError for what is missing."""
    from turnout.cli.rollout.manifest import Between, Wanted, manifest

    needed = {"NAME": name, "--route": words["route"], "--from": words["stable"], "--to": words["candidate"]}
    missing = ", ".join(option for option, value in needed.items() if not value)
    if missing:
        raise click.UsageError(f"missing {missing} (or -f PATH)")
    pause, analysis, samples = words["pause"] or "", words["analysis"] or "", words["min_samples"]
    if samples and pause and not analysis:
        raise click.UsageError("--min-samples is of an analysis: name --analysis beside --pause")
    between = Between(pause, analysis, samples or 50) if pause or analysis or samples else None
    return manifest(
        Wanted(
            name=str(name),
            route=words["route"],
            stable=words["stable"],
            candidate=words["candidate"],
            rule=words["rule"],
            weights=words["weights"],
            between=between,
            bake=words["bake"] or "",
        )
    )


def read(paths: tuple[str, ...]) -> list[Document]:
    """The rollouts of the files. Raises Asked for what cannot be read or is something else."""
    from turnout.kube.apply import expand

    loaded = load_paths(paths)
    faults = [str(each) for each in loaded.faults]
    documents = expand(each.document for each in loaded.documents)
    faults += [
        f"{each.get('kind')}/{(each.get('metadata') or {}).get('name')} is no InferenceRollout: use `turnout apply`"
        for each in documents
        if each.get("kind") != "InferenceRollout"
    ]
    if not documents and not faults:
        faults.append("no objects in what was given")
    if faults:
        raise Asked("\n".join(f"error: {fault}" for fault in faults))
    return documents


async def create(client: "Client", documents: list[Document], namespace: str, output: str) -> int:
    """Every one is tried; 1 if one was refused."""
    from turnout.cli.rollout.objects import ROLLOUTS
    from turnout.kube.target import path_of
    from turnout.store import ApiError

    failed = 0
    for document in documents:
        placed = within(document, namespace or client.target.namespace, asked=bool(namespace))
        path = path_of(ROLLOUTS, placed["metadata"]["namespace"])
        try:
            answer = await client.send("POST", path, WRITE, body=placed)
        except ApiError as error:
            click.echo(refusal(error), err=True)
            failed = 1
            continue
        for warning in answer.warnings:
            click.echo(f"Warning: {warning}", err=True)
        show(answer.document, output, "created")
    return failed


def within(document: Document, namespace: str, *, asked: bool) -> Document:
    """The document with its namespace. Raises Asked if the user asked for one and the document names another."""
    metadata = document.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    own = metadata.get("namespace") or namespace
    if asked and own != namespace:
        raise Asked(f'error: {metadata.get("name")}: its namespace is "{own}", not "{namespace}"')
    return {**document, "metadata": {**metadata, "namespace": own}}


def rehearse(documents: list[Document], namespace: str, output: str) -> int:
    """What the API would say of them, without it; 1 if it would refuse one."""
    from turnout.cli.rollout.objects import KIND
    from turnout.resources.admit import admit

    failed = 0
    for document in documents:
        placed = within(document, namespace, asked=True) if namespace else document
        admission = admit(KIND, placed)
        faults = [f'unknown field "{field}"' for field in admission.unknown] + [str(each) for each in admission.faults]
        for warning in admission.warnings:
            click.echo(f"Warning: {warning}", err=True)
        for fault in faults:
            click.echo(f"error: {fault}", err=True)
        if faults:
            failed = 1
        else:
            show(placed, output, "created (dry run)")
    return failed


def show(document: Document, output: str, outcome: str) -> None:
    """The object, or what became of it."""
    from turnout.cli.rollout.objects import ROLLOUTS, printed

    if output:
        click.echo(printed(document, output), nl=False)
    else:
        click.echo(f"{ROLLOUTS.title}/{document['metadata']['name']} {outcome}")
