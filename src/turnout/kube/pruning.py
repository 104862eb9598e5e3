"""Objects that came from files which hold them no longer: found by an annotation that names the `-f` they came from."""

from collections.abc import Collection, Iterable, Sequence

from msgspec import Struct

from turnout.kube.client import Client
from turnout.kube.target import path_of
from turnout.store import ApiError, ApiResource, Document

SOURCE = "turnout.dev/applied-from"
"""Annotation: the absolute path that was given to `-f`."""

Identity = tuple[str, str, str, str]
"""(group, kind, namespace, name); a version is only a way to look at an object."""


class Stale(Struct, frozen=True):
    """An object to remove."""

    resource: ApiResource
    namespace: str
    name: str
    uid: str

    @property
    def title(self) -> str:
        """`httproute.gateway.networking.k8s.io/x`."""
        return f"{self.resource.title}/{self.name}"


class Pruned(Struct, frozen=True):
    """What became of one of them: it is gone if `kept` is empty, which else says why it stays."""

    title: str
    kept: str = ""


def marked(document: Document, source: str) -> Document:
    """The document with a note of where it came from; one whose metadata is no object stays as it is, to be refused."""
    metadata = document.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    if not isinstance(metadata, dict) or not isinstance(annotations, dict | None):
        return document
    return {**document, "metadata": {**metadata, "annotations": {**(annotations or {}), SOURCE: source}}}


def identities(documents: Iterable[Document], resources: Sequence[ApiResource], namespace: str) -> set[Identity]:
    """What the documents are of; those that name no namespace are in `namespace`, if their kind has any."""
    scoped = {(each.group, each.kind): each.namespaced for each in resources}
    found: set[Identity] = set()
    for document in documents:
        group = str(document.get("apiVersion", "")).rpartition("/")[0]
        kind, metadata = str(document.get("kind")), document.get("metadata") or {}
        own = str(metadata.get("namespace") or namespace) if scoped.get((group, kind)) else ""
        found.add((group, kind, own, str(metadata.get("name"))))
    return found


async def prune(
    client: Client, resources: Sequence[ApiResource], sources: Collection[str], documents: Iterable[Document]
) -> list[Pruned]:
    """Removes what came from one of `sources` and is not among `documents`.

    A Namespace stays for as long as there is anything else in it. Raises ApiError and UnreachableError for lists that
    fail; a delete that is refused is told.
    """
    held = identities(documents, resources, client.target.namespace)
    stale: list[Stale] = []
    inhabited: set[str] = set()
    for resource in resources:
        for item in (await client.list(resource)).items:
            metadata = item["metadata"]
            namespace = metadata.get("namespace", "")
            identity = (resource.group, resource.kind, namespace, metadata["name"])
            from_files = (metadata.get("annotations") or {}).get(SOURCE) in sources
            if from_files and identity not in held and not metadata.get("deletionTimestamp"):
                stale.append(Stale(resource, namespace, metadata["name"], metadata["uid"]))
            elif resource.kind != "Event":
                inhabited.add(namespace)
    stale.sort(key=lambda each: each.resource.kind == "Namespace")
    return [await _remove(client, each, inhabited) for each in stale]


async def _remove(client: Client, stale: Stale, inhabited: Collection[str]) -> Pruned:
    if stale.resource.kind == "Namespace" and stale.name in inhabited:
        return Pruned(stale.title, "it holds objects that are not from these files")
    options = {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": stale.uid}}
    try:
        await client.send("DELETE", path_of(stale.resource, stale.namespace, stale.name), body=options)
    except ApiError as error:
        if not error.not_found:
            return Pruned(stale.title, str(error))
    return Pruned(stale.title)
