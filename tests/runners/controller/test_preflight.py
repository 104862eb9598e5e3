"""What preflight finds out of model servers, over real sockets."""

import asyncio
import json
import socket
from pathlib import Path

import pytest
from aiohttp import web

from tests.support.certificates import Authority, server_context
from tests.support.scripted_api import Answer, scripted
from turnout.channels.credentials import Credentials
from turnout.rollout.preflight import Facts, ServedModel
from turnout.runners.controller.preflight import Asker, served_models

MODELS = {"data": [{"id": "m", "max_model_len": 4096}, {"id": "adapter"}]}


def gathered(answer: Answer) -> tuple[Facts, list[str]]:
    """The facts of one server that is in both pools, and the paths that it was asked."""
    paths: list[str] = []

    async def noted(request: web.Request) -> web.StreamResponse:
        paths.append(request.path)
        return await answer(request)

    async def run() -> Facts:
        async with scripted(noted) as url, Asker.opened() as asker:
            address = url.removeprefix("http://")
            return await asker.gather([address], [address])

    return asyncio.run(run()), paths


def test_a_server_that_answers_is_known_with_its_models() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response(MODELS if request.path == "/v1/models" else {})

    facts, paths = gathered(answer)
    (server,) = facts.candidate
    assert server.models == (ServedModel("m", 4096), ServedModel("adapter"))
    assert server.connections == 1
    assert [(probe.status, probe.text) for probe in facts.probes] == [(200, "")]
    assert paths == ["/v1/models", "/v1/models", "/v1/chat/completions"]


def test_a_model_that_cannot_chat_is_asked_to_complete() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/v1/models":
            return web.json_response(MODELS)
        return web.json_response({}, status=200 if request.path == "/v1/completions" else 400)

    facts, _ = gathered(answer)
    assert facts.probes[0].status == 200


def test_an_answer_that_is_none_is_told_with_its_words() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/v1/models":
            return web.json_response(MODELS)
        return web.Response(status=500, text="out of memory")

    facts, _ = gathered(answer)
    assert (facts.probes[0].status, facts.probes[0].text) == (500, "out of memory")


def test_a_server_without_a_model_list_has_no_models_and_is_not_prompted() -> None:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=503)

    facts, paths = gathered(answer)
    assert facts.candidate[0].models is None
    assert facts.probes[0].status == 0
    assert set(paths) == {"/v1/models"}


def test_a_server_that_is_not_there_has_no_connection() -> None:
    async def run() -> Facts:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
            async with Asker.opened() as asker:
                return await asker.gather([], [address])

    (server,) = asyncio.run(run()).candidate
    assert (server.models, server.connections) == (None, 0)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"data": 5}', b'"x"'])
def test_what_is_no_model_list_is_none(body: bytes) -> None:
    assert served_models(body) is None


def test_entries_that_are_no_models_are_left_out() -> None:
    assert served_models(b'{"data": [1, {"id": 2}, {"id": "m", "max_model_len": "long"}]}') == (ServedModel("m"),)


def test_a_server_that_asks_for_tls_and_a_key_is_asked_with_both(tmp_path: Path) -> None:
    authority = Authority()
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        body = json.dumps(MODELS).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        await writer.drain()
        writer.close()

    async def run() -> Facts:
        context = server_context(authority.server("llm.test"), tmp_path)
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
        address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with server, Asker.opened() as asker:
            given = Credentials(tls=True, hostname="llm.test", ca=authority.trust.encode(), key=b"sk-1")
            asker.credentials = {address: given}
            return await asker.gather([], [address])

    facts = asyncio.run(run())
    assert facts.candidate[0].models is not None
    assert [probe.status for probe in facts.probes] == [200]
    assert all(b"\r\nAuthorization: Bearer sk-1\r\n" in head for head in heads)
    assert len(heads) == 2
