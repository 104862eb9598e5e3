"""Client-side apply, as `kubectl apply` does it: a three-way merge patch against what was last applied."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct, structs

from turnout.kube.backoff import pause
from turnout.kube.client import MERGE_PATCH, Answer, Client
from turnout.kube.discovery import Discovery, UnknownKindError
from turnout.kube.target import path_of
from turnout.store import ApiError, ApiResource, Document, UnreachableError
from turnout.store.merge import three_way

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
WRITE = {"fieldManager": "turnout", "fieldValidation": "Strict"}
FIRST_KINDS = ("Namespace", "CustomResourceDefinition", "GatewayClass")
"""Kinds that others stand on, in the order in which they are applied; all others follow in the order given."""


class Applied(Struct, frozen=True):
    """What became of one document. `name` is `httproute.gateway.networking.k8s.io/x`.

    `outcome` is created, configured, unchanged or failed; `resource_version` is the object's, 0 when failed.
    `warnings` are the server's. `error` is empty unless failed; then `refusal` is what the server said, if it was the
    server, and `creating` tells whether it was to be a new object; `unreachable` if it did not answer. `source` is the
    document, `document` what the server made of it.
    """

    name: str
    outcome: str
    resource_version: int = 0
    warnings: tuple[str, ...] = ()
    error: str = ""
    source: Document = {}
    document: Document = {}
    refusal: ApiError | None = None
    creating: bool = False
    unreachable: bool = False


async def apply_documents(
    client: Client, documents: Iterable[Document], *, namespace: str = "", tries: int = 5
) -> list[Applied]:
    """Applies every document, whatever becomes of the others; what others stand on goes first."""
    return [each async for each in applying(client, documents, namespace=namespace, tries=tries)]


async def applying(
    client: Client, documents: Iterable[Document], *, namespace: str = "", tries: int = 5, dry_run: bool = False
) -> AsyncIterator[Applied]:
    """Applies the documents one after the other and tells of each.

    An object without a namespace goes into `namespace`, else into the target's; one that names another than
    `namespace` is refused. A server that does not answer is asked `tries` times for each document. In a `dry_run` the
    server answers as it would, and stores nothing.
    """
    parameters = {**WRITE, "dryRun": "All"} if dry_run else WRITE
    discovery = Discovery(client)
    for document in in_order(expand(documents)):
        applied = await _attempt(client, discovery, document, namespace, tries, parameters)
        yield structs.replace(applied, source=document)


def expand(documents: Iterable[Document]) -> list[Document]:
    """The documents with each `List` replaced by its items."""
    flat: list[Document] = []
    for document in documents:
        items = document.get("items")
        if isinstance(items, list) and str(document.get("kind", "")).endswith("List"):
            flat += [each for each in items if isinstance(each, dict)]
        else:
            flat.append(document)
    return flat


def in_order(documents: Iterable[Document]) -> Sequence[Document]:
    """What others stand on first; otherwise the order given."""
    ranks = {kind: rank for rank, kind in enumerate(FIRST_KINDS)}
    return sorted(documents, key=lambda document: ranks.get(str(document.get("kind")), len(ranks)))


async def _attempt(
    client: Client, discovery: Discovery, document: Document, namespace: str, tries: int, parameters: Mapping[str, str]
) -> Applied:
    name = _name(document)
    for failures in range(1, tries + 1):
        try:
            resource = await discovery.of_document(str(document.get("apiVersion", "")), str(document.get("kind", "")))
            name = f"{resource.title}/{_name(document).partition('/')[2]}"
            return await _apply(client, resource, name, _placed(client, resource, document, namespace), parameters)
        except UnreachableError as error:
            if failures == tries:
                return Applied(name, "failed", error=str(error), unreachable=True)
        except ApiError as error:
            return Applied(name, "failed", error=str(error), refusal=error)
        except (UnknownKindError, ValueError) as error:
            return Applied(name, "failed", error=str(error))
        await asyncio.sleep(pause(failures, random.random()))  # noqa: S311 - spreads retries, guards nothing
    raise AssertionError("tries is at least 1")


def _placed(client: Client, resource: ApiResource, document: Document, namespace: str) -> Document:
    """The document with its namespace. Raises ValueError for one that has no name or is meant for another place."""
    metadata: Any = document.get("metadata")
    if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str) or not metadata["name"]:
        raise ValueError("metadata.name: Required value")
    if not resource.namespaced:
        return document
    own = metadata.get("namespace")
    if own and namespace and own != namespace:
        raise ValueError(
            f'the namespace from the provided object "{own}" does not match the namespace "{namespace}". '
            f"You must pass '--namespace={own}' to perform this operation."
        )
    return {**document, "metadata": {**metadata, "namespace": own or namespace or client.target.namespace}}


async def _apply(
    client: Client, resource: ApiResource, name: str, document: Document, parameters: Mapping[str, str]
) -> Applied:
    wanted = annotated(document)
    metadata = wanted["metadata"]
    namespace = metadata.get("namespace", "")
    path = path_of(resource, namespace, metadata["name"])
    try:
        live = (await client.send("GET", path)).document
    except ApiError as error:
        if not error.not_found:
            raise
        return await _create(client, resource, name, wanted, parameters)
    patch = three_way(last_applied(live), wanted, live)
    if not patch:
        return _applied(name, "unchanged", Answer(200, live))
    answer = await client.send("PATCH", path, parameters, body=patch, content_type=MERGE_PATCH)
    same = _unmanaged(answer.document) == _unmanaged(live)
    return _applied(name, "unchanged" if same else "configured", answer)


async def _create(
    client: Client, resource: ApiResource, name: str, wanted: Document, parameters: Mapping[str, str]
) -> Applied:
    path = path_of(resource, wanted["metadata"].get("namespace", ""))
    try:
        return _applied(name, "created", await client.send("POST", path, parameters, body=wanted))
    except ApiError as error:
        if not error.exists:
            return Applied(name, "failed", error=str(error), refusal=error, creating=True)
    return await _apply(client, resource, name, wanted, parameters)  # another made it in the meantime


def annotated(document: Document) -> Document:
    """The document with itself, as kubectl writes it, in its last-applied annotation."""
    metadata = dict(document["metadata"])
    annotations = {key: value for key, value in (metadata.get("annotations") or {}).items() if key != LAST_APPLIED}
    plain = {**document, "metadata": {**metadata, "annotations": annotations}}
    text = msgspec.json.encode(plain, order="sorted").decode() + "\n"
    return {**document, "metadata": {**metadata, "annotations": {**annotations, LAST_APPLIED: text}}}


def last_applied(live: Document) -> Document:
    """What was last applied to the object; nothing if it was made by other means or the annotation is no JSON."""
    text = (live["metadata"].get("annotations") or {}).get(LAST_APPLIED)
    try:
        document = msgspec.json.decode(text) if text else {}
    except msgspec.DecodeError:
        return {}
    return document if isinstance(document, dict) else {}


def _applied(name: str, outcome: str, answer: Answer) -> Applied:
    version = int(answer.document["metadata"].get("resourceVersion") or 0)  # none of what was only tried
    return Applied(name, outcome, version, answer.warnings, document=answer.document)


def _unmanaged(document: Document) -> Document:
    """The object without the record of who set what, which a patch that changes nothing may renew."""
    return {**document, "metadata": {k: v for k, v in document["metadata"].items() if k != "managedFields"}}


def _name(document: Document) -> str:
    metadata = document.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return f"{str(document.get('kind', '')).lower()}/{name or ''}"
