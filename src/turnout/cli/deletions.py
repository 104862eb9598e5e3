"""Objects on their way out: which ones, and when they are gone."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Sequence

from msgspec import Struct

from turnout.cli.manifestfiles import Located
from turnout.cli.naming import resolve
from turnout.cli.refusals import Refusal, unmapped
from turnout.cli.target import Asked
from turnout.kube.client import Client
from turnout.kube.discovery import Discovery, UnknownKindError
from turnout.kube.target import path_of
from turnout.store import ApiError, ApiResource


class Doomed(Struct, frozen=True):
    """An object to delete. `namespace` is empty for a cluster-scoped kind; `file` is the manifest that named it.

    `listed` ones were there a moment ago: another may have deleted them since.
    """

    resource: ApiResource
    namespace: str
    name: str
    file: str = ""
    listed: bool = False

    @property
    def path(self) -> str:
        """Its address."""
        return path_of(self.resource, self.namespace, self.name)


async def of_manifests(
    discovery: Discovery, documents: Iterable[Located], where: str, refusals: list[Refusal]
) -> list[Doomed]:
    """The objects that manifests name; `refusals` gets those of kinds that the server does not have."""
    doomed: list[Doomed] = []
    for each in documents:
        metadata = each.document.get("metadata") or {}
        name, own = str(metadata.get("name") or ""), str(metadata.get("namespace") or "")
        try:
            kind = str(each.document.get("kind"))
            resource = await discovery.of_document(str(each.document.get("apiVersion")), kind)
        except UnknownKindError as error:
            refusals.append(Refusal(unmapped(each.document, each.file, error)))
            continue
        doomed.append(Doomed(resource, (own or where) if resource.namespaced else "", name, each.file))
    return doomed


async def of_arguments(
    client: Client, discovery: Discovery, arguments: Sequence[str], where: str, selector: str, *, everything: bool
) -> list[Doomed]:
    """The objects that arguments name; without names those that the labels select, or all. Raises `Asked`."""
    doomed: list[Doomed] = []
    for resource, names in ((each.resource, each.names) for each in await resolve(discovery, arguments)):
        namespace = where if resource.namespaced else ""
        if names and (selector or everything):
            raise Asked("error: name cannot be provided when a selector is specified")
        if not names and not selector and not everything:
            raise Asked("error: resource(s) were provided, but no name was specified")
        if names:
            doomed += [Doomed(resource, namespace, name) for name in names]
            continue
        asked = {"labelSelector": selector} if selector else {}
        listed = (await client.send("GET", path_of(resource, namespace), asked)).document.get("items") or ()
        found = (each["metadata"] for each in listed)
        doomed += [Doomed(resource, each.get("namespace", ""), each["name"], listed=True) for each in found]
    return doomed


class Deletions:
    """Deletes objects one after the other and remembers those that are still there for a while."""

    def __init__(self, client: Client, *, dry_run: bool = False, policy: str = "Background") -> None:
        self._client = client
        self._parameters = {"dryRun": "All"} if dry_run else {}
        self._options = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": policy}
        self._dry_run = dry_run
        self._leaving: list[tuple[Doomed, str]] = []

    async def delete(self, doomed: Iterable[Doomed]) -> AsyncIterator[tuple[Doomed, ApiError | None]]:
        """Asks for each, and tells of each whether it was refused."""
        for each in doomed:
            try:
                answer = await self._client.send("DELETE", each.path, self._parameters, body=self._options)
            except ApiError as error:
                yield each, error
                continue
            uid = answer.document.get("metadata", {}).get("uid")
            if uid and not self._dry_run:  # the object itself: its finalizers keep it
                self._leaving.append((each, str(uid)))
            yield each, None

    async def gone(self, seconds: float | None) -> bool:
        """True once all of them are gone; False if some are still there after `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                for each, uid in self._leaving:
                    await self._until_gone(each, uid)
        except TimeoutError:
            return False
        return True

    async def _until_gone(self, doomed: Doomed, uid: str) -> None:
        """Returns when no object of that name has that uid."""
        while True:
            try:
                live = (await self._client.send("GET", doomed.path)).document
            except ApiError as error:
                if error.not_found:
                    return
                raise
            if live["metadata"]["uid"] != uid:
                return
            asked = {"fieldSelector": f"metadata.name={doomed.name}"}
            asked["resourceVersion"] = live["metadata"]["resourceVersion"]
            path = path_of(doomed.resource, doomed.namespace)
            async with contextlib.aclosing(self._client.events(path, asked)) as events:
                async for kind, _ in events:
                    if kind == "DELETED":
                        return
