"""The API as an ASGI application over an object store."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from turnout.apiserver import discovery, openapi_paths, openapi_v2
from turnout.apiserver.bearer import BearerOnly
from turnout.apiserver.bodies import decode_object, decode_patch, media_type_of, read_body, read_object_body
from turnout.apiserver.compression import Compressed
from turnout.apiserver.errors import (
    StatusError,
    internal,
    method_not_allowed,
    no_such_path,
    not_found,
    success,
)
from turnout.apiserver.list_options import list_options
from turnout.apiserver.locations import PlainPaths
from turnout.apiserver.loopback import LoopbackOnly
from turnout.apiserver.media import APPLY_PATCH, JSON
from turnout.apiserver.metrics import Metrics
from turnout.apiserver.object_store import ObjectStore
from turnout.apiserver.options import WriteOptions, delete_options, write_options
from turnout.apiserver.paging import list_page
from turnout.apiserver.paths import Target, parse_path
from turnout.apiserver.probes import PROBES, Probes
from turnout.apiserver.responses import json_response, object_response, status_response
from turnout.apiserver.reviews import Review, answered, find_review
from turnout.apiserver.views import View, choose
from turnout.apiserver.watching import watch_response
from turnout.apiserver.writes import Writes, Written
from turnout.resources.document import Document

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


class Api:
    """The endpoints."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._writes = Writes(store)

    async def resources(self, request: Request) -> Response:
        """Everything below `/api` and `/apis`: discovery, or a kind."""
        path = request.scope["path"].strip("/")
        if path.count("/") < (2 if path.startswith("api/") else 3):
            if request.method not in ("GET", "HEAD"):
                raise method_not_allowed()
            return _discovered(request, path)
        review = find_review(path)
        if review is not None:
            return await _reviewed(request, review)
        target = parse_path(request.scope["path"])
        verbs = self._on_one() if target.name else self._on_many()
        verb = verbs.get(request.method)
        if verb is None or (target.subresource and request.method == "DELETE"):
            raise method_not_allowed()
        return await verb(request, target)

    def _on_one(self) -> dict[str, Callable[[Request, Target], Awaitable[Response]]]:
        return {
            "GET": self._get,
            "HEAD": self._get,
            "PUT": self._replace,
            "PATCH": self._patch,
            "DELETE": self._delete,
        }

    def _on_many(self) -> dict[str, Callable[[Request, Target], Awaitable[Response]]]:
        return {"GET": self._list, "HEAD": self._list, "POST": self._create, "DELETE": self._delete_all}

    async def _get(self, request: Request, target: Target) -> Response:
        view = _view(request, target)
        stored = self._store.get(target.key)
        if stored is None:
            raise not_found(target.kind, target.name)
        return object_response(view.one(stored), _accept(request))

    async def _list(self, request: Request, target: Target) -> Response:
        options = list_options(target.kind, request.query_params)
        view = _view(request, target)
        if options.watch and request.method == "GET":
            return watch_response(self._store, target, options, view)
        page = list_page(self._store, target, options)
        return object_response(view.many(page.objects, page.version, page.more), _accept(request))

    async def _create(self, request: Request, target: Target) -> Response:
        options, view = _write_options(request), _view(request, target)
        document = _identified(target, await read_object_body(request))
        return _written(request, view, await self._writes.create(target, document, options), 201)

    async def _replace(self, request: Request, target: Target) -> Response:
        options, view = _write_options(request), _view(request, target)
        document = _identified(target, await read_object_body(request))
        return _written(request, view, await self._writes.replace(target, document, options))

    async def _patch(self, request: Request, target: Target) -> Response:
        media_type, view = media_type_of(request.headers), _view(request, target)
        options = _write_options(request, applies=media_type == APPLY_PATCH)
        if media_type == APPLY_PATCH:
            written = await self._writes.apply(target, await read_object_body(request), options)
            return _written(request, view, written, 201 if written.created else 200)
        edit = decode_patch(target.kind, await read_body(request), media_type)
        return _written(request, view, await self._writes.patch(target, edit, options))

    async def _delete(self, request: Request, target: Target) -> Response:
        body = await read_body(request)
        asked = decode_object(body, media_type_of(request.headers)) if body else None
        view = _view(request, target)
        deleted = await self._writes.deletion.delete(target, delete_options(request.query_params, asked))
        if not deleted.removed:
            return object_response(view.one(deleted.last), _accept(request))
        return json_response(success(target.kind, target.name, deleted.last.document["metadata"]["uid"]))

    async def _delete_all(self, request: Request, target: Target) -> Response:
        """Deletes what the selectors select, one by one: what others delete meanwhile is gone too."""
        body = await read_body(request)
        asked = decode_object(body, media_type_of(request.headers)) if body else None
        options = delete_options(request.query_params, asked)
        selects = list_options(target.kind, request.query_params).selects
        listed = self._store.list(target.key.resource, target.namespace)
        selected = [stored for stored in listed if selects(stored.document)]
        deletes = (self._writes.deletion.delete(_one(target, s.key.namespace, s.key.name), options) for s in selected)
        outcomes = await asyncio.gather(*deletes, return_exceptions=True)
        failures = [each for each in outcomes if isinstance(each, BaseException)]
        for failure in failures:
            if not isinstance(failure, StatusError) or failure.code != 404:
                raise failure
        return object_response(_view(request, target).many(selected, self._store.version), _accept(request))


async def _reviewed(request: Request, review: Review) -> Response:
    if request.method != "POST":
        raise method_not_allowed()
    document = await read_object_body(request)
    return json_response(answered(review, document), 201)


def _identified(target: Target, document: Document) -> Document:
    """The document with the kind that its path means: as in Kubernetes, those of its own may leave it out."""
    if not target.kind.strategic or document.get("kind") or document.get("apiVersion"):
        return document
    return {**document, "apiVersion": target.kind.api_version, "kind": target.kind.kind}


def _one(target: Target, namespace: str, name: str) -> Target:
    return Target(target.kind, target.version, namespace, name)


def _view(request: Request, target: Target) -> View:
    include = request.query_params.get("includeObject", "Metadata")
    return choose(target, _accept(request), include, lambda: datetime.now(UTC))


def _write_options(request: Request, *, applies: bool = False) -> WriteOptions:
    return write_options(request.query_params, request.headers.get("user-agent", ""), applies=applies)


def _accept(request: Request) -> str:
    return request.headers.get("accept", "")


def _written(request: Request, view: View, written: Written, code: int = 200) -> Response:
    return object_response(view.one(written.stored), _accept(request), code, written.warnings)


def _discovered(request: Request, path: str) -> Response:
    root, *rest = path.split("/")
    if not rest:
        return _root(request, core=root == "api")
    if root == "api":
        document = discovery.resource_list("", rest[0])
    else:
        document = discovery.group_document(rest[0]) if len(rest) == 1 else discovery.resource_list(rest[0], rest[1])
    if document is None:
        raise no_such_path(discovery.hint(rest[0]) if root == "apis" else "")
    return json_response(document)


def _root(request: Request, *, core: bool) -> Response:
    if discovery.AGGREGATED in _accept(request).replace(" ", ""):
        return json_response(discovery.aggregated(core=core), media_type=discovery.AGGREGATED)
    return json_response(discovery.core_versions(request.url.netloc) if core else discovery.group_list())


async def _version(_: Request) -> Response:
    return json_response(discovery.version())


async def _definitions(_: Request) -> Response:
    return json_response(discovery.definitions())


async def _openapi_root(_: Request) -> Response:
    return json_response(openapi_paths.root())


async def _openapi_v2(request: Request) -> Response:
    if openapi_v2.wants_protobuf(_accept(request)):
        return Response(openapi_v2.as_protobuf(), media_type=openapi_v2.PROTOBUF)
    return Response(openapi_v2.as_json(), media_type="application/json")


async def _openapi(request: Request) -> Response:
    place = request.path_params["place"]
    document = openapi_paths.document(place)
    if document is None:
        raise no_such_path()
    digest, asked = openapi_paths.digest(place), request.query_params.get("hash")
    if asked not in (None, digest):
        return RedirectResponse(f"/openapi/v3/{place}?hash={digest}", 301)
    headers = {"ETag": f'"{digest}"', "Vary": "Accept"}
    if asked is not None:  # what it names never changes
        headers["Cache-Control"] = "public, immutable, max-age=31536000"
    if f'"{digest}"' in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(document, media_type=JSON, headers=headers)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, StatusError)
    return status_response(error)


async def _http(_: Request, error: Exception) -> Response:
    code = error.status_code if isinstance(error, HTTPException) else 500
    return status_response(method_not_allowed() if code == 405 else no_such_path())


async def _gone(_request: Request, _error: Exception) -> Response:
    return Response(status_code=400)  # to nobody: the client went while its body was read


async def _broken(_request: Request, _error: Exception) -> Response:
    return status_response(internal("the log of the API says what went wrong"))


async def _paths(_: Request) -> Response:
    return json_response(discovery.paths())


def build_app(store: ObjectStore, token: str = "", metrics: Path | None = None) -> Starlette:
    """The application, for whoever has the token; without one for loopback. The store is the caller's to close.

    `metrics` is the file that the gateway's figures are read from; None where there is no gateway.
    """
    api, probes = Api(store), Probes(store)
    guard = Middleware(BearerOnly, token=token) if token else Middleware(LoopbackOnly)
    return Starlette(
        routes=[
            Route("/api", api.resources),
            Route("/apis", api.resources),
            Route("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", _definitions),
            Route("/api/{rest:path}", api.resources, methods=METHODS),
            Route("/apis/{rest:path}", api.resources, methods=METHODS),
            Route("/openapi/v2", _openapi_v2),
            Route("/openapi/v3", _openapi_root),
            Route("/openapi/v3/{place:path}", _openapi),
            Route("/version", _version),
            Route("/metrics", Metrics(metrics).answer),
            Route("/", _paths),
            *(Route(f"/{name}{rest}", probes.probe) for name in PROBES for rest in ("", "/{check}")),
        ],
        middleware=[guard, Middleware(PlainPaths), Middleware(Compressed)],
        exception_handlers={
            StatusError: _refused,
            HTTPException: _http,
            ClientDisconnect: _gone,
            Exception: _broken,
        },
    )
