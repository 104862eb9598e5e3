"""Rollouts on the server: one of them now, and after each change."""

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import aclosing

from turnout.cli.jsontext import as_json
from turnout.cli.printing import plain
from turnout.cli.yamltext import as_yaml
from turnout.kube.backoff import pause
from turnout.kube.client import Client
from turnout.kube.target import path_of
from turnout.resources.document import Document
from turnout.resources.kinds import INFERENCE_GROUP, TURNOUT_GROUP, Kind, find_kind
from turnout.store import ApiError, UnreachableError, served_as

TRIES = 10
"""How often in a row a server that has answered before may fail to answer."""


def known(group: str, version: str, kind: str) -> Kind:
    """The kind, which is one of ours."""
    found = find_kind(group, version, kind)
    assert found is not None
    return found


KIND = known(TURNOUT_GROUP, "v1alpha1", "InferenceRollout")
ROLLOUTS = served_as(KIND)
POOLS = served_as(known(INFERENCE_GROUP, "v1", "InferencePool"))


async def changes(client: Client, namespace: str, name: str, since: str = "") -> AsyncGenerator[Document | None, None]:
    """The rollout as it is, then after each change; None, and the end, when it is deleted.

    With a resourceVersion `since` there are only the changes after it, and each of them as long as the server lasts. A
    server that goes away is waited for. Raises ApiError when it refuses, also that there is no such rollout, and
    UnreachableError when it does not answer at first or not again.
    """
    seen, failures, listed = since, 0, bool(since)
    while True:
        try:
            if not listed:
                document = await client.get(ROLLOUTS, namespace, name)
                if version(document) != seen:
                    seen = version(document)
                    yield document
            listed, failures = False, 0
            async with aclosing(events(client, namespace, name, seen)) as following:
                async for document in following:
                    seen = version(document)
                    yield document
        except (DeletedError, ApiError) as error:
            if isinstance(error, DeletedError) or (error.not_found and seen):
                yield None
                return
            if not error.expired:
                raise
        except UnreachableError:
            failures += 1
            if not seen or failures == TRIES:
                raise
            await asyncio.sleep(pause(failures, random.random()))  # noqa: S311 - spreads retries, guards nothing


class DeletedError(Exception):
    """The object is gone."""


async def events(client: Client, namespace: str, name: str, after: str) -> AsyncGenerator[Document, None]:
    """The rollout after each change since resourceVersion `after`, until the server ends it. Raises DeletedError."""
    parameters = {"fieldSelector": f"metadata.name={name}", "resourceVersion": after}
    async with aclosing(client.events(path_of(ROLLOUTS, namespace), parameters)) as told:
        async for kind, document in told:
            if kind == "DELETED":
                raise DeletedError
            if kind != "BOOKMARK":
                yield document


def version(document: Document) -> str:
    """The resourceVersion."""
    return str(document["metadata"]["resourceVersion"])


def printed(document: Document, output: str) -> str:
    """The object as `yaml` or `json`."""
    if output == "yaml":
        return as_yaml(plain(document))
    return as_json(plain(document))
