"""The relay: what a server sends is what a client reads, at the pace of the slower one."""

import asyncio
import gc
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.upstream import Conversation, Script, upstream
from tests.support.worker import Gateway, ask, client, gateway, get, post, run, until

OK = b"HTTP/1.1 200 OK\r\n"
FRAMINGS = ("length", "chunked", "close")


def framed(pieces: list[bytes], framing: str) -> bytes:
    """A whole answer."""
    body = b"".join(pieces)
    if framing == "length":
        return OK + b"content-length: %d\r\n\r\n" % len(body) + body
    if framing == "chunked":
        chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces if piece)
        return OK + b"transfer-encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"
    return OK + b"\r\n" + body


def sending(raw: bytes, cuts: list[int], framing: str) -> Script:
    """Answers with `raw`, cut at these places."""
    edges = sorted({0, *(cut % len(raw) for cut in cuts), len(raw)})

    async def script(conversation: Conversation) -> None:
        while True:
            await conversation.request()
            await conversation.send(*(raw[start:end] for start, end in pairwise(edges)))
            if framing == "close":
                return

    return script


@settings(max_examples=60, deadline=None)
@given(
    pieces=st.lists(st.binary(max_size=300), max_size=8),
    framing=st.sampled_from(FRAMINGS),
    cuts=st.lists(st.integers(0, 3000), max_size=10),
    version=st.sampled_from(["1.1", "1.0"]),
)
def test_what_the_server_sends_is_what_the_client_reads(
    pieces: list[bytes], framing: str, cuts: list[int], version: str
) -> None:
    raw = framed(pieces, framing)

    async def main() -> None:
        async with upstream(sending(raw, cuts, framing)) as up, gateway({"a": [up.address]}) as served:
            answer = await ask(served, get(version=version))
            assert (answer.body, answer.whole) == (b"".join(pieces), True)
            assert [each.reason for each in served.records] == [""]

    run(main())


def test_two_hundred_streams_at_once_arrive_whole() -> None:
    async def script(conversation: Conversation) -> None:
        request = await conversation.request()
        number = int(request.headers["x-number"])
        await conversation.send(OK + b"content-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        for event in range(20):
            piece = b"data: %d %d\n\n" % (number, event)
            await conversation.send(b"%x\r\n%b\r\n" % (len(piece), piece))
            await asyncio.sleep(0.001 * (number % 3))
        await conversation.send(b"0\r\n\r\n")

    async def one(served: Gateway, number: int) -> None:
        answer = await ask(served, post(b"{}", f"x-number: {number}"), "POST")
        assert answer.whole
        assert answer.body == b"".join(b"data: %d %d\n\n" % (number, event) for event in range(20))

    async def main() -> None:
        async with (
            upstream(script) as up,
            upstream(script) as other,
            gateway({"a": [up.address], "b": [other.address]}) as served,
        ):
            await asyncio.gather(*(one(served, number) for number in range(200)))
            assert {(each.code, each.reason, each.stream) for each in served.records} == {(200, "", True)}

    run(main())


@pytest.mark.parametrize("framing", FRAMINGS)
def test_each_piece_goes_out_when_it_comes(framing: str) -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.request()
        raw = framed([b"one", b"two"], framing)
        place = raw.index(b"one") + (5 if framing == "chunked" else 3)
        await conversation.send(raw[:place])
        await conversation.reader.read(1)
        await conversation.send(raw[place:])

    async def main() -> None:
        async with upstream(script) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            await opened.send(get())
            assert (await opened.reader.readuntil(b"one")).startswith(OK)

    run(main())


def test_a_client_that_does_not_read_stops_the_server() -> None:
    sent = 0

    async def script(conversation: Conversation) -> None:
        nonlocal sent
        await conversation.request()
        await conversation.send(OK + b"transfer-encoding: chunked\r\n\r\n")
        piece = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        for _ in range(1000):
            await conversation.send(piece)
            sent += 65536
        await conversation.send(b"0\r\n\r\n")

    async def main() -> None:
        async with upstream(script) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            await opened.send(get())
            (session,) = await _sessions(served)
            await until(lambda: session.write_paused)  # type: ignore[attr-defined]  # a Downstream
            last = -1
            while last != sent:  # until the sockets between are full too
                last = sent
                await asyncio.sleep(0.1)
            assert session.transport.get_write_buffer_size() < 1_000_000  # type: ignore[attr-defined]
            assert sent < 40_000_000
            answer = await opened.read()
            assert (len(answer.body), answer.whole) == (65_536_000, True)

    run(main())


def test_a_client_that_has_not_read_its_last_answer_stops_the_server_of_its_next_one() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.request()
        await conversation.answer(b"x" * 1000)

    async def main() -> None:
        async with upstream(script) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            (session,) = await _sessions(served)
            session.pause_writing()  # type: ignore[attr-defined]  # a Downstream
            await opened.send(get())
            await until(lambda: up.received)
            assert not session._current._attempts.upstream.transport.is_reading()  # type: ignore[attr-defined]
            session.resume_writing()  # type: ignore[attr-defined]
            assert (await opened.read()).status == 200

    run(main())


async def _sessions(served: Gateway) -> list[object]:
    await until(lambda: served.state.sessions)
    return list(served.state.sessions)


def test_a_server_that_does_not_read_stops_the_client() -> None:
    read = asyncio.Event

    async def main() -> None:
        go = read()

        async def script(conversation: Conversation) -> None:
            await conversation.head()
            await go.wait()
            body = await conversation.reader.readexactly(60_000_000)
            assert body == b"x" * 60_000_000
            await conversation.answer()

        async with upstream(script) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            raw = post(b"", media="application/octet-stream").replace(b"Length: 0", b"Length: 60000000")
            await opened.send(raw)
            writing = asyncio.create_task(opened.send(*[b"x" * 100_000] * 600))
            (session,) = await _sessions(served)
            await until(lambda: not session.transport.is_reading())  # type: ignore[attr-defined]  # a Downstream
            exchange = session._current  # type: ignore[attr-defined]
            held = sum(map(len, exchange.request.body)) + exchange._attempts.upstream.transport.get_write_buffer_size()
            assert held < 1_000_000
            go.set()
            assert (await opened.read("POST")).status == 200
            await writing

    run(main())


@pytest.mark.parametrize("media", ["application/json", "text/plain"])
def test_a_large_body_arrives_whole(media: str) -> None:
    body = bytes(range(256)) * 40_000

    async def script(conversation: Conversation) -> None:
        request = await conversation.request()
        await conversation.answer(request.body)

    async def main() -> None:
        async with upstream(script) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            writing = asyncio.create_task(opened.send(post(body, media=media)))
            assert (await opened.read("POST")).body == body
            await writing

    run(main())


def test_requests_leave_no_garbage() -> None:
    async def script(conversation: Conversation) -> None:
        while True:
            request = await conversation.request()
            if request.line.startswith("GET /reset "):
                conversation.reset()
            elif request.line.startswith("GET /stream "):
                await conversation.send(framed([b"a", b"b"], "chunked"))
            else:
                await conversation.answer()

    async def mixed(served: Gateway, times: int) -> None:
        for _ in range(times):
            async with client(served) as opened:
                await opened.send(get("/"), get("/stream"), get("/reset"), post(b'{"prompt_cache_key":"k"}'))
                assert [(await opened.read()).status for _ in range(4)] == [200, 200, 502, 200]
            async with client(served) as opened:
                await opened.send(b"NONSENSE\r\n\r\n")
                assert (await opened.read()).status == 400

    async def main() -> None:
        async with upstream(script) as up, gateway({"a": [up.address]}) as served:
            await mixed(served, 2)
            gc.collect()
            gc.disable()
            try:
                gc.set_debug(gc.DEBUG_SAVEALL)
                await mixed(served, 100)
                await until(lambda: not served.state.sessions)
                gc.collect()
                ours = [each for each in gc.garbage if type(each).__module__.startswith(("turnout", "httptools"))]
            finally:
                gc.set_debug(0)
                gc.garbage.clear()
                gc.enable()
            assert ours == []

    run(main())
