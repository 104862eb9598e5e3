"""The Kubernetes API as a `Provider`: a cluster's, or the embedded one."""

import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self

import aiohttp
import msgspec
from multidict import CIMultiDictProxy
from yarl import URL

from turnout.kube.target import Target, path_of
from turnout.store import (
    ApiError,
    ApiResource,
    Bookmark,
    Changed,
    Deleted,
    Document,
    Listing,
    UnreachableError,
    WatchEvent,
)

MERGE_PATCH = "application/merge-patch+json"
PAGE = 500
"""Objects per page of a list."""
IDLE_SECONDS = 4.0
"""How long an idle connection is kept: less than servers keep theirs, since a write on one that the server is closing
cannot be told from a write that was done."""
WATCH_SECONDS = 300
"""How long one watch request lasts at least; the server ends it within twice that."""

_decode: Callable[[bytes], Any] = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


class Answer(msgspec.Struct, frozen=True):
    """What the server said to one request; `warnings` are its `Warning` headers' texts."""

    code: int
    document: Document
    warnings: tuple[str, ...] = ()


class Client:
    """Requests to one API server, over kept connections. Use as an async context manager, or `close()` it.

    `timeout` is in seconds, for all of one request; a watch has its own. A request is sent once: whoever asks knows
    whether asking twice is safe.
    """

    def __init__(self, target: Target | str, *, timeout: float = 30.0, agent: str = "turnout") -> None:
        self.target = Target(target.rstrip("/")) if isinstance(target, str) else target
        self._agent = agent
        self._timeout = aiohttp.ClientTimeout(total=timeout, sock_connect=min(timeout, 10.0))
        self._opened: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the connections. Requests in flight end with `UnreachableError`."""
        if self._opened is not None:
            await self._opened.close()
            self._opened = None

    async def list(self, resource: ApiResource, namespace: str = "") -> Listing:
        """All objects of the kind, read page by page at one resourceVersion.

        In one piece where the server forgets that version before the last page, as client-go does.
        """
        try:
            return await self._listed(resource, namespace, {"limit": str(PAGE)})
        except ApiError as error:
            if not error.expired:
                raise
        return await self._listed(resource, namespace, {})

    async def _listed(self, resource: ApiResource, namespace: str, parameters: dict[str, str]) -> Listing:
        items: list[Document] = []
        while True:
            answer = await self.send("GET", path_of(resource, namespace), parameters)
            items += answer.document.get("items") or ()
            metadata = answer.document.get("metadata", {})
            if not metadata.get("continue"):
                break
            parameters["continue"] = metadata["continue"]
        # The items of a cluster's list carry neither.
        named = ({**each, "apiVersion": resource.api_version, "kind": resource.kind} for each in items)
        return Listing(tuple(named), str(metadata.get("resourceVersion", "")))

    async def watch(
        self, resource: ApiResource, resource_version: str, namespace: str = ""
    ) -> AsyncGenerator[WatchEvent, None]:
        """Events after `resource_version`, until the server ends the watch."""
        parameters = {"resourceVersion": resource_version, "allowWatchBookmarks": "true"}
        async for kind, document in self.events(path_of(resource, namespace), parameters):
            if kind == "BOOKMARK":
                yield Bookmark(document["metadata"]["resourceVersion"])
            elif kind == "DELETED":
                yield Deleted(document)
            else:
                yield Changed(document)

    async def get(self, resource: ApiResource, namespace: str, name: str) -> Document:
        """The object."""
        return (await self.send("GET", path_of(resource, namespace, name))).document

    async def create(self, resource: ApiResource, namespace: str, document: Document) -> Document:
        """Stores a new object."""
        return (await self.send("POST", path_of(resource, namespace), body=document)).document

    async def replace(self, resource: ApiResource, namespace: str, document: Document) -> Document:
        """Stores the object in place of the old one."""
        path = path_of(resource, namespace, document["metadata"]["name"])
        return (await self.send("PUT", path, body=document)).document

    async def patch(self, resource: ApiResource, namespace: str, name: str, patch: Document) -> Document:
        """Merges into the object."""
        path = path_of(resource, namespace, name)
        return (await self.send("PATCH", path, body=patch, content_type=MERGE_PATCH)).document

    async def patch_status(
        self, resource: ApiResource, namespace: str, name: str, status: Document, resource_version: str = ""
    ) -> Document:
        """Merges into the object's status."""
        path = path_of(resource, namespace, name, "status")
        patch: Document = {"status": status}
        if resource_version:
            patch["metadata"] = {"resourceVersion": resource_version}
        return (await self.send("PATCH", path, body=patch, content_type=MERGE_PATCH)).document

    async def delete(self, resource: ApiResource, namespace: str, name: str) -> None:
        """Removes the object."""
        await self.send("DELETE", path_of(resource, namespace, name))

    async def send(
        self,
        method: str,
        path: str,
        parameters: Mapping[str, str] | None = None,
        *,
        body: Document | None = None,
        content_type: str = "application/json",
        accept: str = "application/json",
    ) -> Answer:
        """One request and its answer. Raises `ApiError` for a code of 400 or more, `UnreachableError` for no answer."""
        headers = {"Accept": accept}
        if body is not None:
            headers["Content-Type"] = content_type
        data = _encode(body) if body is not None else None
        async with self._request(method, path, parameters, headers, data, self._timeout) as response:
            text = await response.read()
            return Answer(response.status, _object(text), _warnings(response.headers))

    async def events(
        self, path: str, parameters: Mapping[str, str], accept: str = "application/json"
    ) -> AsyncGenerator[tuple[str, Document], None]:
        """The types and objects of one watch request, as they come. An ERROR event is raised as `ApiError`."""
        seconds = int(WATCH_SECONDS * (1 + random.random()))  # noqa: S311 - spreads reconnects, guards nothing
        asked = {**parameters, "watch": "true", "timeoutSeconds": str(seconds)}
        limits = aiohttp.ClientTimeout(total=None, sock_connect=10.0, sock_read=seconds + 30.0)
        rest = b""
        async with self._request("GET", path, asked, {"Accept": accept}, None, limits) as response:
            async for chunk in response.content.iter_any():
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    if line.strip():
                        yield _event(line)

    @asynccontextmanager
    async def _request(
        self,
        method: str,
        path: str,
        parameters: Mapping[str, str] | None,
        headers: dict[str, str],
        data: bytes | None,
        limits: aiohttp.ClientTimeout,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        token = self.target.bearer()
        if token:
            headers["Authorization"] = f"Bearer {token}"
        url = URL(self.target.server + path)
        try:
            async with self._session().request(
                method,
                url.with_query(parameters) if parameters else url,
                headers=headers,
                data=data,
                timeout=limits,
                allow_redirects=False,
                server_hostname=self.target.server_name or None,
            ) as response:
                if response.status >= 400:
                    raise _refusal(response.status, response.reason or "", await response.read())
                yield response
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise UnreachableError(f"{self.target.server}: {error or type(error).__name__}") from error

    def _session(self) -> aiohttp.ClientSession:
        if self._opened is None:
            tls = self.target.tls()
            self._opened = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=0, ssl=tls if tls is not None else True, keepalive_timeout=IDLE_SECONDS
                ),
                headers={"User-Agent": self._agent},
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._opened


def _event(line: bytes) -> tuple[str, Document]:
    event = _object(line)
    kind, document = event.get("type"), event.get("object")
    if not isinstance(kind, str) or not isinstance(document, dict):
        raise UnreachableError(f"the watch gave something that is no event: {line[:200]!r}")
    if kind == "ERROR":
        raise _status(int(document.get("code", 500)), document)
    return kind, document


def _refusal(code: int, phrase: str, body: bytes) -> ApiError:
    try:
        return _status(code, _object(body))
    except UnreachableError:  # a proxy on the way answers in words of its own
        text = body.decode("utf-8", "replace").strip()
        return ApiError(code, phrase.replace(" ", ""), text[:1000] or f"the server answered {code} {phrase}")


def _status(code: int, document: Document) -> ApiError:
    details = document.get("details")
    return ApiError(
        code,
        str(document.get("reason") or "Unknown"),
        str(document.get("message") or f"the server answered {code}"),
        details if isinstance(details, dict) else None,
    )


def _object(body: bytes) -> Document:
    try:
        document = _decode(body)
    except msgspec.DecodeError as error:
        raise UnreachableError(f"the server's answer is no JSON: {error}") from error
    if not isinstance(document, dict):
        raise UnreachableError("the server's answer is no JSON object")
    return document


def _warnings(headers: CIMultiDictProxy[str]) -> tuple[str, ...]:
    """The texts of `Warning: 299 - "text"` headers (RFC 7234, section 5.5), as the API sends them."""
    texts = []
    for header in headers.getall("Warning", ()):
        _, quote, text = header.partition('"')
        if quote:
            texts.append(text.rpartition('"')[0].replace('\\"', '"').replace("\\\\", "\\"))
    return tuple(texts)
