"""`turnout get`: objects as tables, YAML or JSON."""

import contextlib
import sys
from typing import TYPE_CHECKING

import click

from turnout.cli.target import talk, target_options

if TYPE_CHECKING:
    from turnout.cli.printing import Printed
    from turnout.kube.client import Client
    from turnout.resources.document import Document
    from turnout.store import ApiResource


@click.command("get")
@click.argument("kind")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("-A", "--all-namespaces", is_flag=True, help="Of all namespaces.")
@click.option("-o", "--output", type=click.Choice(["wide", "yaml", "json", "name"]), help="Instead of a table.")
@click.option("-l", "--selector", default="", metavar="LABELS", help="Only objects with these labels: a=b,c!=d.")
@click.option("-w", "--watch", is_flag=True, help="Goes on with what changes.")
@target_options
def command(  # noqa: PLR0913 - one parameter per option
    kind: str,
    names: tuple[str, ...],
    all_namespaces: bool,  # noqa: FBT001 - a flag
    output: str | None,
    selector: str,
    watch: bool,  # noqa: FBT001 - a flag
    api: str,
    kubeconfig: str,
    namespace: str,
) -> None:
    """Show objects. KIND is a plural, a singular, a short name or a kind; several are joined by commas."""
    if watch and (len(names) > 1 or "," in kind):
        raise click.UsageError("one kind, and at most one name, can be watched")

    async def work(client: "Client") -> int:
        where = "" if all_namespaces else namespace or client.target.namespace
        return await _get(client, kind, names, where, Form(output or "", selector, watch=watch))

    sys.exit(talk(api, kubeconfig, work))


class Form:
    """How the objects are chosen and shown. `output` is empty for a table."""

    def __init__(self, output: str, selector: str, *, watch: bool) -> None:
        self.output = output
        self.parameters = {"labelSelector": selector} if selector else {}
        self.watch = watch

    @property
    def table(self) -> bool:
        """Rows and columns, and not the objects themselves."""
        return self.output in {"", "wide"}


async def _get(client: "Client", kinds: str, names: tuple[str, ...], where: str, form: Form) -> int:
    from turnout.kube.discovery import Discovery

    discovery = Discovery(client)
    resources = [await discovery.of_word(word) for word in kinds.split(",")]
    if form.table:
        return await _tables(client, resources, names, where, form)
    return await _objects(client, resources, names, where, form)


async def _tables(
    client: "Client", resources: "list[ApiResource]", names: tuple[str, ...], where: str, form: Form
) -> int:
    from turnout.cli.printing import TABLE, Printed

    any_row = False
    for resource in resources:
        prefix = f"{resource.title}/" if len(resources) > 1 else ""
        printed = Printed(wide=form.output == "wide", namespaces=resource.namespaced and not where, prefix=prefix)
        for path, parameters in _paths(resource, names, where, form):
            table = (await client.send("GET", path, parameters, accept=TABLE)).document
            if table.get("rows"):
                if prefix and any_row:
                    click.echo()
                any_row = True
                _echo(printed.lines(table))
            if form.watch:
                await _watch(client, path, {**parameters, "resourceVersion": _version(table)}, printed)
    if not any_row:
        place = f" in {where} namespace" if where and any(each.namespaced for each in resources) else ""
        click.echo(f"No resources found{place}.", err=True)
    return 0


async def _watch(client: "Client", path: str, parameters: dict[str, str], printed: "Printed") -> None:
    from turnout.cli.printing import TABLE

    while True:
        async with contextlib.aclosing(client.events(path, parameters, TABLE)) as events:
            async for _, table in events:
                _echo(printed.lines(table))
                for row in table.get("rows") or ():
                    parameters["resourceVersion"] = row["object"]["metadata"]["resourceVersion"]


async def _objects(
    client: "Client", resources: "list[ApiResource]", names: tuple[str, ...], where: str, form: Form
) -> int:
    found: list[Document] = []
    single = bool(names) and len(names) == len(resources) == 1 and not form.watch
    for resource in resources:
        for path, parameters in _paths(resource, names, where, form):
            answer = (await client.send("GET", path, parameters)).document
            items = answer.get("items", [answer])
            named = [{"apiVersion": resource.api_version, "kind": resource.kind, **each} for each in items]
            found += named
            if form.output == "name":
                _echo([f"{resource.title}/{each['metadata']['name']}" for each in named])
            if form.watch:
                _echo([_text(each, form) for each in named])
                await _watch_objects(client, path, {**parameters, "resourceVersion": _version(answer)}, form)
    if form.output != "name":
        whole = {"apiVersion": "v1", "kind": "List", "items": found, "metadata": {"resourceVersion": ""}}
        click.echo(_text(found[0] if single else whole, form), nl=False)
    return 0


async def _watch_objects(client: "Client", path: str, parameters: dict[str, str], form: Form) -> None:
    while True:
        async with contextlib.aclosing(client.events(path, parameters)) as events:
            async for _, document in events:
                click.echo(_text(document, form), nl=False)
                parameters["resourceVersion"] = document["metadata"]["resourceVersion"]


def _paths(
    resource: "ApiResource", names: tuple[str, ...], where: str, form: Form
) -> "list[tuple[str, dict[str, str]]]":
    """What to ask for: the collection, or each name; a name that is watched is a collection of one."""
    from turnout.kube.target import path_of

    if not names:
        return [(path_of(resource, where), form.parameters)]
    if form.watch:
        return [(path_of(resource, where), {**form.parameters, "fieldSelector": f"metadata.name={names[0]}"})]
    if resource.namespaced and not where:
        raise click.UsageError("an object cannot be named across all namespaces")
    return [(path_of(resource, where, name), {}) for name in names]


def _text(document: "Document", form: Form) -> str:
    from turnout.cli.printing import as_yaml, plain

    if form.output == "yaml":
        return as_yaml(document)
    import json

    return json.dumps(plain(document), indent=4) + "\n"


def _version(document: "Document") -> str:
    return str(document.get("metadata", {}).get("resourceVersion", ""))


def _echo(lines: list[str]) -> None:
    for line in lines:
        click.echo(line)
    sys.stdout.flush()
