"""Which kinds an API server has, and what they may be called."""

import asyncio
import re
from typing import Any

from turnout.kube.client import Client
from turnout.store import ApiError, ApiResource

VERSION = re.compile(r"v[0-9]+((alpha|beta)[0-9]+)?")


class UnknownKindError(Exception):
    """The server has no such kind; the text is kubectl's."""


class Discovery:
    """The kinds of one server, read as they are asked for and then kept."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._versions: dict[str, tuple[ApiResource, ...]] = {}
        self._preferred: tuple[str, ...] = ()

    async def of_document(self, api_version: str, kind: str) -> ApiResource:
        """The kind that a manifest names. Raises UnknownKindError."""
        for resource in await self._version(api_version):
            if resource.kind == kind:
                return resource
        raise UnknownKindError(f'no matches for kind "{kind}" in version "{api_version}"')

    async def of_word(self, word: str) -> ApiResource:
        """The kind that a user calls `word`: plural, singular, short name or kind, also `.GROUP` or `.VERSION.GROUP`.

        Of several groups the one that the server names first has it, core before all. Raises UnknownKindError.
        """
        name, _, group = word.lower().partition(".")
        version, _, versioned = group.partition(".")
        if VERSION.fullmatch(version):
            asked = await self._version(f"{versioned}/{version}" if versioned else version)
            for resource in asked:
                if _exact(resource, name) or _short(resource, name):
                    return resource
        found = {version: await self._version(version) for version in await self._groups()}
        for match in (_exact, _short):
            for resources in found.values():
                for resource in resources:
                    if match(resource, name) and (not group or resource.group == group):
                        return resource
        raise UnknownKindError(f'the server doesn\'t have a resource type "{word}"')

    async def _groups(self) -> tuple[str, ...]:
        if not self._preferred:
            answer = await self._client.send("GET", "/apis")
            groups = answer.document.get("groups") or ()
            self._preferred = ("v1", *(each["preferredVersion"]["groupVersion"] for each in groups))
            await asyncio.gather(*(self._version(each) for each in self._preferred))
        return self._preferred

    async def _version(self, api_version: str) -> tuple[ApiResource, ...]:
        if api_version not in self._versions:
            group, _, version = api_version.rpartition("/")
            path = f"/apis/{group}/{version}" if group else f"/api/{version}"
            try:
                answer = await self._client.send("GET", path)
            except ApiError as error:
                if not error.not_found:
                    raise
                return ()
            listed = answer.document.get("resources") or ()
            self._versions[api_version] = tuple(
                _resource(group, version, each) for each in listed if "/" not in each["name"]
            )
        return self._versions[api_version]


def _resource(group: str, version: str, listed: dict[str, Any]) -> ApiResource:
    return ApiResource(
        group,
        version,
        plural=listed["name"],
        kind=listed["kind"],
        namespaced=bool(listed["namespaced"]),
        singular=listed.get("singularName") or listed["kind"].lower(),
        short_names=tuple(listed.get("shortNames") or ()),
    )


def _exact(resource: ApiResource, name: str) -> bool:
    return name in {resource.plural, resource.singular, resource.kind.lower()}


def _short(resource: ApiResource, name: str) -> bool:
    return name in resource.short_names
