"""Bytes that mean harm or nothing, from clients and from servers."""

import asyncio
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.upstream import Conversation, answering, upstream
from tests.support.worker import Client, client, gateway, get, post, run, until

REQUESTS = [
    get("/a?b", "Connection: keep-alive", "X-Session-Id: s"),
    post(b'{"prompt_cache_key":"k","x":[1,2,3]}'),
    b"POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;e=1\r\nhello\r\n0\r\nT: 1\r\n\r\n",
    b"GET http://h:80/p HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nUpgrade: h2c\r\n\r\n",
]
ANSWERS = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nT: 1\r\n\r\n",
    b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 204 No Content\r\nConnection: close, X-A\r\nX-A: 1\r\n\r\n",
    b"HTTP/1.0 200 OK\r\n\r\nhello",
]
PIECES = [b"\r\n", b"\r", b"\n", b"\x00", b" ", b":", b"0", b"\xff", b"chunked", b"Content-Length: 1\r\n", b"HTTP/1.1"]


@st.composite
def spoiled(draw: st.DrawFn, wholes: list[bytes]) -> bytes:
    """One of `wholes`, or two in a row, with a few bytes cut out, put in or doubled."""
    raw = bytearray(b"".join(draw(st.lists(st.sampled_from(wholes), min_size=1, max_size=2))))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(raw)))
        length = draw(st.integers(0, 6))
        piece = draw(st.sampled_from(PIECES) | st.binary(max_size=3) | st.just(bytes(raw[place : place + length])))
        raw[place : place + draw(st.integers(0, 6))] = piece
    return bytes(raw)


async def read_out(opened: Client) -> None:
    """Reads until the gateway ends the connection."""
    try:
        while await opened.reader.read(65536):
            pass
    except ConnectionError:
        pass


@settings(max_examples=120, deadline=None)
@given(spoiled(REQUESTS), st.integers(0, 99))
def test_no_request_harms_the_gateway(raw: bytes, seed: int) -> None:
    cut = random.Random(seed).randrange(len(raw) + 1)

    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address]}) as served:
            async with client(served) as opened:
                await opened.send(raw[:cut], raw[cut:])
                opened.writer.write_eof()
                await read_out(opened)
            await until(lambda: not served.state.sessions)
            async with client(served) as opened:
                await opened.send(get())
                assert (await opened.read()).status == 200

    run(main())


@settings(max_examples=120, deadline=None)
@given(spoiled(ANSWERS), st.integers(0, 99))
def test_no_answer_harms_the_gateway_or_the_next_answer(raw: bytes, seed: int) -> None:
    cut = random.Random(seed).randrange(len(raw) + 1)

    async def script(conversation: Conversation) -> None:
        first = await conversation.request()
        if first.line.startswith("GET /good "):
            await conversation.answer(b"good")
            return
        await conversation.send(raw[:cut], raw[cut:])

    async def main() -> None:
        async with upstream(script) as up, gateway({"a": [up.address]}) as served:
            async with client(served) as opened:
                await opened.send(get("/bad"))
                answer = await asyncio.wait_for(opened.read(), 10)
                assert answer.status >= 200 or not answer.whole
            async with client(served) as opened:
                await opened.send(get("/good"))
                assert (await opened.read()).body == b"good"

    run(main())


def test_one_request_cannot_hide_another_in_its_body() -> None:
    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            hidden = get("/hidden")
            for raw in (
                post(hidden, media="text/plain"),
                post(hidden),
                b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n"
                % (len(hidden), hidden),
            ):
                await opened.send(raw)
                assert (await opened.read("POST")).status == 200
            assert [each.line for each in up.received] == ["POST / HTTP/1.1"] * 3
            assert {each.body for each in up.received} == {hidden}

    run(main())
