"""What the client makes of answers; that it is a provider is in tests/store/test_provider.py."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web

from tests.support.objects import ROUTES, SERVERS
from tests.support.scripted_api import Answer, scripted
from turnout.kube.client import Client
from turnout.kube.target import Target
from turnout.store import ApiError, Bookmark, Changed, Deleted, UnreachableError, WatchEvent


def ask(answer: Answer, work: Callable[[Client], Awaitable[None]]) -> None:
    async def run() -> None:
        async with scripted(answer) as url, Client(url) as client:
            await work(client)

    asyncio.run(run())


def listed(*names: str, version: str = "7", more: str = "") -> web.Response:
    items = [{"metadata": {"name": name, "namespace": "default", "resourceVersion": "3"}} for name in names]
    return web.json_response({"items": items, "metadata": {"resourceVersion": version, "continue": more}})


def test_a_refusal_carries_the_status() -> None:
    status = {"kind": "Status", "reason": "Invalid", "message": "no", "details": {"causes": [{"field": "spec.port"}]}}

    async def answer(request: web.Request) -> web.Response:
        return web.json_response(status, status=422)

    async def work(client: Client) -> None:
        with pytest.raises(ApiError) as refused:
            await client.get(SERVERS, "default", "x")
        error = refused.value
        assert (error.code, error.reason, error.message) == (422, "Invalid", "no")
        assert error.details["causes"][0]["field"] == "spec.port"

    ask(answer, work)


def test_a_refusal_in_other_words_is_still_a_refusal() -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=502, text="<h1>Bad Gateway</h1>")

    async def work(client: Client) -> None:
        with pytest.raises(ApiError, match="Bad Gateway") as refused:
            await client.get(SERVERS, "default", "x")
        assert refused.value.code == 502

    ask(answer, work)


@pytest.mark.parametrize("text", ["", "no JSON", "[1]"])
def test_an_answer_that_is_no_object_is_no_answer(text: str) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=text)

    async def work(client: Client) -> None:
        with pytest.raises(UnreachableError):
            await client.get(SERVERS, "default", "x")

    ask(answer, work)


def test_a_server_that_is_not_there_is_unreachable() -> None:
    async def run() -> None:
        async with Client("http://127.0.0.1:1") as client:
            with pytest.raises(UnreachableError, match=r"127\.0\.0\.1:1"):
                await client.get(SERVERS, "default", "x")

    asyncio.run(run())


def test_warnings_are_read_from_their_headers() -> None:
    async def answer(request: web.Request) -> web.Response:
        response = web.json_response({})
        response.headers.add("Warning", '299 - "rules: one \\"mapping\\""')
        response.headers.add("Warning", '299 turnout "second"')
        return response

    async def work(client: Client) -> None:
        assert (await client.send("GET", "/x")).warnings == ('rules: one "mapping"', "second")

    ask(answer, work)


def test_a_list_is_read_to_its_last_page() -> None:
    async def answer(request: web.Request) -> web.Response:
        return listed("b") if request.query.get("continue") == "next" else listed("a", more="next")

    async def work(client: Client) -> None:
        listing = await client.list(SERVERS, "default")
        assert [each["metadata"]["name"] for each in listing.items] == ["a", "b"]
        assert listing.items[0]["kind"] == "ModelServer"
        assert listing.items[0]["apiVersion"] == "turnout.dev/v1alpha1"

    ask(answer, work)


def test_a_list_that_is_forgotten_while_it_is_read_is_read_in_one_piece() -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.query_string)
        if request.query.get("continue"):
            return web.json_response({"kind": "Status", "reason": "Expired", "message": "too old"}, status=410)
        return listed("a", more="next") if request.query.get("limit") else listed("a", "b", version="9")

    async def work(client: Client) -> None:
        listing = await client.list(SERVERS, "default")
        assert [each["metadata"]["name"] for each in listing.items] == ["a", "b"]
        assert listing.resource_version == "9"
        assert asked == ["limit=500", "limit=500&continue=next", ""]

    ask(answer, work)


def test_the_token_is_sent() -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.json_response({"authorization": request.headers.get("Authorization")})

    async def run() -> None:
        async with scripted(answer) as url, Client(Target(url, token="secret")) as client:
            assert (await client.send("GET", "/x")).document == {"authorization": "Bearer secret"}

    asyncio.run(run())


def test_a_status_goes_to_the_subresource_as_a_merge_patch_of_one_version() -> None:
    async def answer(request: web.Request) -> web.Response:
        said = {"path": request.path, "type": request.content_type, "method": request.method}
        return web.json_response({**said, "body": await request.json()})

    async def work(client: Client) -> None:
        assert await client.patch_status(ROUTES, "default", "x", {"parents": []}, "7") == {
            "path": "/apis/gateway.networking.k8s.io/v1/namespaces/default/httproutes/x/status",
            "type": "application/merge-patch+json",
            "method": "PATCH",
            "body": {"metadata": {"resourceVersion": "7"}, "status": {"parents": []}},
        }

    ask(answer, work)


def _stream(*chunks: bytes) -> Answer:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for chunk in chunks:
            await response.write(chunk)
            await asyncio.sleep(0)
        return response

    return answer


def test_events_are_whole_however_the_stream_is_cut() -> None:
    text = (
        b'{"type":"ADDED","object":{"metadata":{"name":"a"}}}\n\n{"type":"DELETED","object":{"metadata":{"name":"b"}}}\n'
        b'{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9"}}}\n'
    )

    async def work(client: Client) -> None:
        events: list[WatchEvent] = [event async for event in client.watch(SERVERS, "1")]
        assert events == [
            Changed({"metadata": {"name": "a"}}),
            Deleted({"metadata": {"name": "b"}}),
            Bookmark("9"),
        ]

    ask(_stream(text[:20], text[20:90], text[90:]), work)


def test_an_error_event_is_a_refusal() -> None:
    line = b'{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}\n'

    async def work(client: Client) -> None:
        with pytest.raises(ApiError, match="too old") as refused:
            await anext(client.watch(SERVERS, "1"))
        assert refused.value.expired

    ask(_stream(line), work)


def test_a_stream_that_breaks_off_is_no_end() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b'{"type":"ADDED","object":{"metadata":{"name":"a"}}}\n')
        assert request.transport is not None
        request.transport.abort()
        return response

    async def work(client: Client) -> None:
        with pytest.raises(UnreachableError):
            [event async for event in client.watch(SERVERS, "1")]

    ask(answer, work)
