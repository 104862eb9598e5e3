"""`turnout get`: objects as tables, YAML, JSON, names or what a JSONPath finds."""

import contextlib
import itertools
import sys
from typing import TYPE_CHECKING

import click

from turnout.cli.flags import FlagCommand
from turnout.cli.outputs import Form, form_of
from turnout.cli.target import refusal, talk, target_options

if TYPE_CHECKING:
    from collections.abc import Callable

    from turnout.cli.places import Place
    from turnout.cli.printing import Printed
    from turnout.kube.client import Client
    from turnout.resources.document import Document
    from turnout.store import ApiError, ApiResource


@click.command("get", cls=FlagCommand)
@click.argument("objects", nargs=-1, metavar="KIND [NAME]... | KIND/NAME...")
@click.option("-f", "--filename", "paths", multiple=True, metavar="PATH", help="The objects that the manifests name.")
@click.option("-A", "--all-namespaces", is_flag=True, help="Of all namespaces.")
@click.option("-o", "--output", default="", metavar="FORMAT", help="wide, yaml, json, name or jsonpath=TEMPLATE.")
@click.option("-l", "--selector", default="", metavar="LABELS", help="Only objects with these labels: a=b,c!=d.")
@click.option("--field-selector", default="", metavar="FIELDS", help="Only objects with these fields.")
@click.option("-w", "--watch", is_flag=True, help="Goes on with what changes.")
@click.option("--ignore-not-found", is_flag=True, help="What is not there is left out without a word.")
@click.option("--show-labels", is_flag=True, help="As a last column.")
@click.option("--no-headers", is_flag=True, help="Rows only.")
@target_options
def command(  # noqa: PLR0913 - one parameter per option
    objects: tuple[str, ...],
    paths: tuple[str, ...],
    all_namespaces: bool,  # noqa: FBT001 - a flag
    output: str,
    selector: str,
    field_selector: str,
    watch: bool,  # noqa: FBT001 - a flag
    ignore_not_found: bool,  # noqa: FBT001 - a flag
    show_labels: bool,  # noqa: FBT001 - a flag
    no_headers: bool,  # noqa: FBT001 - a flag
    api: str,
    kubeconfig: str,
    namespace: str,
) -> None:
    """Show objects. KIND is a plural, a singular, a short name or a kind; several are joined by commas."""
    if bool(objects) == bool(paths):
        raise click.UsageError("say what to show: KIND [NAME]..., KIND/NAME..., or -f PATH")
    form = form_of(output, labels=show_labels, header=not no_headers)
    asked = {"labelSelector": selector, "fieldSelector": field_selector}
    query = Query(form, {key: value for key, value in asked.items() if value}, ignore_not_found=ignore_not_found)

    async def work(client: "Client") -> int:
        from turnout.cli.places import places_of
        from turnout.kube.discovery import Discovery

        where = "" if all_namespaces else namespace or client.target.namespace
        discovery = Discovery(client)
        places = await places_of(discovery, objects, paths, where)
        if watch:
            return await _watch(client, places, query)
        return await Getting(client, query).show(places)

    sys.exit(talk(api, kubeconfig, work))


class Query:
    """Which objects, and how they are shown."""

    def __init__(self, form: Form, parameters: dict[str, str], *, ignore_not_found: bool = False) -> None:
        self.form = form
        self.parameters = parameters
        self.ignore_not_found = ignore_not_found


class Getting:
    """One round of questions. What is refused is told once all the rest is shown."""

    def __init__(self, client: "Client", query: Query) -> None:
        self._client = client
        self._query = query
        self._refused: list[str] = []

    async def show(self, places: "list[Place]") -> int:
        """Shows the objects at `places`; returns the exit code."""
        shown = await (self._tables(places) if self._query.form.table else self._objects(places))
        for each in self._refused:
            click.echo(each, err=True)
        if not shown and not self._refused and not self._query.ignore_not_found and self._query.form.table:
            from turnout.cli.places import nothing_found

            click.echo(nothing_found(places), err=True)
        return int(bool(self._refused))

    async def _tables(self, places: "list[Place]") -> bool:
        from turnout.cli.printing import TABLE

        any_row = False
        many = len({each.resource for each in places}) > 1
        for place in places:
            answers = [await self._ask(place, path, TABLE) for path in place.paths()]
            tables = [table for table in answers if table is not None and table.get("rows")]
            if tables:
                if many and any_row and self._query.form.header:
                    click.echo()
                any_row = True
                echo(_printed(place, self._query.form, many=many).lines(*tables))
        return any_row

    async def _objects(self, places: "list[Place]") -> bool:
        found: list[Document] = []
        form = self._query.form
        for place in places:
            for path in place.paths():
                answer = await self._ask(place, path)
                if answer is not None:
                    kind = {"apiVersion": place.resource.api_version, "kind": place.resource.kind}
                    found += [{**kind, **each} for each in answer.get("items", [answer])]
                    if form.output == "name":
                        names = [each["metadata"]["name"] for each in answer.get("items", [answer])]
                        echo([f"{place.resource.title}/{name}" for name in names])
        single = len(places) == 1 and len(places[0].names) == 1
        if form.output != "name" and (found or not (self._refused or single)):
            whole = {"apiVersion": "v1", "kind": "List", "items": found, "metadata": {"resourceVersion": ""}}
            click.echo(form.text(found[0] if single else whole), nl=False)
        return bool(found)

    async def _ask(self, place: "Place", path: str, accept: str = "application/json") -> "Document | None":
        from turnout.store import ApiError

        parameters = {} if place.names else self._query.parameters
        try:
            return (await self._client.send("GET", path, parameters, accept=accept)).document
        except ApiError as error:
            if not (error.not_found and self._query.ignore_not_found):
                self._refused.append(_refusal(error, place.resource, parameters))
            return None


async def _watch(client: "Client", places: "list[Place]", query: Query) -> int:
    """Shows what there is and then what changes, without an end."""
    from turnout.cli.printing import TABLE
    from turnout.kube.target import path_of

    if len(places) > 1 or len(places[0].names) > 1:
        raise click.UsageError("one kind, and at most one name, can be watched")
    (place,) = places
    parameters = dict(query.parameters)
    if place.names:
        await client.get(place.resource, place.namespace, place.names[0])  # refused if it is not there
        parameters["fieldSelector"] = f"metadata.name={place.names[0]}"
    accept = TABLE if query.form.table else "application/json"
    path = path_of(place.resource, place.namespace)
    answer = (await client.send("GET", path, parameters, accept=accept)).document
    show = _shower(place, query.form)
    kind = {"apiVersion": place.resource.api_version, "kind": place.resource.kind}
    for one in [answer] if query.form.table else [{**kind, **each} for each in answer.get("items", ())]:
        show(one)
    version = str(answer.get("metadata", {}).get("resourceVersion", ""))
    while True:
        asked = {**parameters, "resourceVersion": version}
        async with contextlib.aclosing(client.events(path, asked, accept)) as events:
            async for _, one in events:
                show(one)
                rows = [row["object"] for row in one.get("rows") or ()] if query.form.table else [one]
                version = rows[-1]["metadata"]["resourceVersion"] if rows else version


def _shower(place: "Place", form: Form) -> "Callable[[Document], None]":
    """What shows one object after the other, or one Table."""
    printed = _printed(place, form, many=False)
    separators = itertools.chain([""], itertools.repeat("---\n" if form.output == "yaml" else ""))

    def show(one: "Document") -> None:
        if not form.table and form.output != "name":
            click.echo(next(separators) + form.text(one), nl=False)
        elif form.output == "name":
            echo([f"{place.resource.title}/{one['metadata']['name']}"])
        elif one.get("rows"):
            echo(printed.lines(one))

    return show


def _printed(place: "Place", form: Form, *, many: bool) -> "Printed":
    from turnout.cli.printing import Printed

    return Printed(
        wide=form.output == "wide",
        namespaces=place.resource.namespaced and not place.namespace,
        prefix=f"{place.resource.title}/" if many else "",
        labels=form.labels,
        header=form.header,
    )


def _refusal(error: "ApiError", resource: "ApiResource", parameters: "dict[str, str]") -> str:
    if error.code == 400 and parameters:
        labels, fields = parameters.get("labelSelector", ""), parameters.get("fieldSelector", "")
        asked = f"{resource.api_version}, Resource={resource.plural}"
        selectors = f'label selector "{labels}", field selector "{fields}"'
        return f'Error from server ({error.reason}): Unable to find "{asked}" that match {selectors}: {error.message}'
    return refusal(error)


def echo(lines: list[str]) -> None:
    """Each line on stdout, at once."""
    for line in lines:
        click.echo(line)
    sys.stdout.flush()
