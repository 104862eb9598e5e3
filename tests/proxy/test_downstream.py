"""A client's connection: framing, order, limits, keep-alive."""

import asyncio
import contextlib
from itertools import pairwise
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.upstream import Conversation, answering, upstream
from tests.support.worker import Client, ask, client, gateway, get, post, run, table, until
from turnout.proxy.downstream import Downstream
from turnout.proxy.limits import Limits

CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_requests_on_one_connection_are_served_one_after_the_other() -> None:
    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            for number in range(5):
                await opened.send(get(f"/{number}"))
                assert (await opened.read()).body == b"ok"
            assert [each.line for each in up.received] == [f"GET /{number} HTTP/1.1" for number in range(5)]

    run(main())


def test_pipelined_requests_are_answered_in_order_though_later_ones_are_faster() -> None:
    async def script(conversation: Conversation) -> None:
        while True:
            request = await conversation.request()
            if request.line.startswith("GET /0 "):
                await asyncio.sleep(0.05)
            await conversation.answer(request.line.encode())

    async def main() -> None:
        paths = [f"/{number}" for number in range(30)]
        async with upstream(script) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            await opened.send(b"".join(get(path) for path in paths))
            answers = [await opened.read() for _ in paths]
            assert [each.body for each in answers] == [f"GET {path} HTTP/1.1".encode() for path in paths]

    run(main())


def test_pipelined_errors_and_answers_keep_their_order() -> None:
    async def main() -> None:
        async with (
            upstream(answering()) as up,
            gateway({"a": [up.address]}, routing_table=table({"a": 1}, path="/in")) as served,
            client(served) as opened,
        ):
            await opened.send(b"".join(get(path) for path in ("/in", "/out", "/in", "/out")))
            assert [(await opened.read()).status for _ in range(4)] == [200, 404, 200, 404]

    run(main())


def test_thousands_of_pipelined_errors_are_answered() -> None:
    async def main() -> None:
        async with gateway({"a": []}, routing_table=table({"a": 1}, path="/in")) as served, client(served) as opened:
            sending = asyncio.create_task(opened.send(get("/out") * 3000))
            for _ in range(3000):
                assert (await opened.read()).status == 404
            await sending

    run(main())


def test_reading_stops_while_many_requests_wait() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.request()
        await conversation.gone()

    async def main() -> None:
        limits = Limits(pipelined=3)
        async with (
            upstream(script) as up,
            gateway({"a": [up.address]}, limits=limits) as served,
            client(served) as opened,
        ):
            await opened.send(get("/first"))
            await until(lambda: up.received)
            await opened.send(get("/next") * 4)
            (session,) = served.state.sessions
            await until(lambda: not session.transport.is_reading())  # type: ignore[attr-defined]  # a Downstream

    run(main())


@pytest.mark.parametrize(
    ("raw", "status", "reason"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400, "bad-request"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "bad-request"),
        (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400, "bad-request"),
        (b"NONSENSE\r\n\r\n", 400, "bad-request"),
        (b"\x16\x03\x01\x00\xf1\x01\x00\x00\xed\x03\x03", 400, "bad-request"),
        (b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad-request"),
        (b"GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad-request"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "bad-request"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", 400, "bad-request"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400, "bad-request"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc", 400, "bad-request"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 400, "bad-request"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400, "bad-request"),
        (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "bad-request"),
        (get("x:1", method="CONNECT"), 400, "bad-request"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "bad-request"),
        (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505, "bad-request"),
        (get("/", "A: " + "a" * 70_000), 431, "headers-too-large"),
        (b"GET / HTTP/1.1\r\nA: " + b"a" * 70_000, 431, "headers-too-large"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n", 413, "body-too-large"),
    ],
)
def test_a_request_that_cannot_be_served_is_answered_and_ends_the_connection(
    raw: bytes, status: int, reason: str
) -> None:
    async def main() -> None:
        async with (
            upstream(answering()) as up,
            gateway({"a": [up.address]}) as served,
            client(served) as opened,
        ):
            await opened.send(raw)
            answer = await opened.read()
            assert (answer.status, answer.reason) == (status, reason)
            assert answer.headers["connection"] == "close"
            assert await opened.ended()
            assert up.received == []
            assert [each.code for each in served.records] == [status]

    run(main())


def test_a_malformed_request_is_answered_after_those_before_it() -> None:
    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            await opened.send(get() + b"NONSENSE\r\n\r\n")
            assert [(await opened.read()).status, (await opened.read()).status] == [200, 400]

    run(main())


def test_the_error_survives_a_client_that_goes_on_sending() -> None:
    async def main() -> None:
        async with gateway({"a": []}) as served, client(served) as opened:
            await opened.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n")
            await opened.send(*[b"x" * 65536] * 40)
            assert (await opened.read()).status == 413

    run(main())


@pytest.mark.parametrize("media", ["application/json", "text/plain"])
def test_chunks_that_add_up_to_too_much_are_answered_413(media: str) -> None:
    async def main() -> None:
        async with (
            upstream(answering()) as up,
            gateway({"a": [up.address]}, limits=Limits(body=100_000)) as served,
            client(served) as opened,
        ):
            await opened.send(CHUNKED[:-2] + f"Content-Type: {media}\r\n\r\n".encode())
            sending = asyncio.create_task(_send_all(opened, b"2710\r\n" + b"x" * 10_000 + b"\r\n", 20))
            assert (await opened.read()).status == 413
            await sending
            assert up.received == []

    run(main())


async def _send_all(opened: Client, piece: bytes, times: int) -> None:
    with contextlib.suppress(ConnectionError):
        await opened.send(*[piece] * times)


def test_a_client_that_asks_to_close_is_obeyed() -> None:
    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            await opened.send(get("/", "Connection: close"))
            answer = await opened.read()
            assert answer.headers["connection"] == "close"
            assert await opened.ended()

    run(main())


def test_http_1_0_closes_unless_it_asks_to_keep_the_connection() -> None:
    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address]}) as served:
            async with client(served) as opened:
                await opened.send(b"GET / HTTP/1.0\r\n\r\n")
                assert (await opened.read()).body == b"ok"
                assert await opened.ended()
            async with client(served) as opened:
                for _ in range(2):
                    await opened.send(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                    answer = await opened.read()
                    assert (answer.body, answer.headers["connection"]) == (b"ok", "keep-alive")
            assert up.received[0].headers["host"] == up.address

    run(main())


def test_a_client_that_expects_100_continue_gets_it_before_it_sends_the_body() -> None:
    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            for media in ("application/json", "text/plain"):
                raw = post(b"12345", "Expect: 100-continue", media=media)
                await opened.send(raw[:-5])
                assert await opened.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
                await opened.send(raw[-5:])
                assert (await opened.read("POST")).status == 200
            assert [each.body for each in up.received] == [b"12345"] * 2
            assert all("expect" not in each.headers for each in up.received)

    run(main())


def test_a_client_that_expects_100_continue_is_refused_without_it() -> None:
    async def main() -> None:
        async with gateway({"a": []}, routing_table=table({"a": 1}, path="/in")) as served, client(served) as opened:
            await opened.send(post(b"12345", "Expect: 100-continue", path="/out")[:-5])
            assert (await opened.reader.readline()).startswith(b"HTTP/1.1 404 ")

    run(main())


def test_a_target_in_absolute_form_names_the_host() -> None:
    async def main() -> None:
        routes = table({"a": 1}, hostnames=("real.example",))
        async with upstream(answering()) as up, gateway({"a": [up.address]}, routing_table=routes) as served:
            answer = await ask(served, b"GET http://Real.Example:8080/p?q HTTP/1.1\r\nHost: other\r\n\r\n")
            assert answer.status == 200
            assert up.received[0].line == "GET /p?q HTTP/1.1"
            assert up.received[0].headers["host"] == "Real.Example:8080"

    run(main())


def test_options_for_the_server_is_answered_by_the_gateway() -> None:
    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address]}, routing_table=table({"a": 1})) as served:
            answer = await ask(served, b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "OPTIONS")
            assert (answer.status, answer.body, answer.pool) == (200, b"", "")
            assert up.received == []

    run(main())


BODY = b'{"model":"m","x":"' + bytes(range(97, 123)) * 5 + b'"}'


@settings(max_examples=40, deadline=None)
@given(
    cuts=st.lists(st.integers(0, len(BODY) + 150), max_size=12),
    chunks=st.lists(st.integers(1, len(BODY) - 1), max_size=6) | st.none(),
    media=st.sampled_from(["application/json", "text/plain"]),
)
def test_a_body_arrives_whole_however_it_is_cut(cuts: list[int], chunks: list[int] | None, media: str) -> None:
    if chunks is None:
        raw = post(BODY, media=media)
    else:
        pieces = [BODY[start:end] for start, end in pairwise(sorted({0, *chunks, len(BODY)}))]
        framed = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
        head = CHUNKED[:-2] + f"Content-Type: {media}\r\n\r\n".encode()
        raw = head + framed + b"0\r\nTrailer-Line: dropped\r\n\r\n"
    edges = sorted({0, *(cut for cut in cuts if cut < len(raw)), len(raw)})

    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            await opened.send(*(raw[start:end] for start, end in pairwise(edges)))
            assert (await opened.read("POST")).status == 200
            await opened.send(get("/next"))
            assert (await opened.read()).status == 200
            assert [each.body for each in up.received] == [BODY, b""]
            assert "trailer-line" not in up.received[1].headers

    run(main())


def test_a_head_that_begins_after_a_long_idle_time_has_all_of_its_time() -> None:
    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            await opened.send(get("/first"))
            assert (await opened.read()).body == b"ok"
            late = served.state.clock() + served.state.limits.slow_head + 1.0
            served.state.clock = lambda: late
            await opened.send(b"GET /second HTTP/1.1\r\nHo")
            (session,) = served.state.sessions
            await until(lambda: cast("Downstream", session)._fed)

            session.sweep(late + served.state.limits.slow_head - 1.0)
            await opened.send(b"st: x\r\n\r\n")
            assert (await opened.read()).body == b"ok"

    run(main())
