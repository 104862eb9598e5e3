"""How a request ends, and what is said of it."""

import asyncio
import re

import pytest

from tests.support.upstream import Conversation, answering, upstream
from tests.support.worker import ask, client, gated, gateway, get, post, run, table, until
from turnout.proxy.limits import Limits


async def silent(conversation: Conversation) -> None:
    """Reads a request and never answers."""
    await conversation.request()
    await conversation.gone()


def test_a_client_that_goes_takes_its_upstream_connection_with_it() -> None:
    ended: list[int] = []

    async def script(conversation: Conversation) -> None:
        await conversation.request()
        if conversation.number % 2:
            await conversation.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n")
        await conversation.gone()
        ended.append(conversation.number)

    async def main() -> None:
        async with upstream(script) as up, gateway({"a": [up.address]}) as served:
            for number in range(2):
                async with client(served) as opened:
                    await opened.send(get())
                    await until(lambda number=number: len(up.received) > number)  # type: ignore[misc]  # mypy sees no T
                    if number:
                        await opened.reader.readuntil(b"1\r\na\r\n")
                    opened.leave()
                await until(lambda number=number: ended == list(range(number + 1)))  # type: ignore[misc]
            assert served.in_flight == 0
            assert [(each.code, each.reason) for each in served.records] == [(499, "client-gone"), (200, "client-gone")]

    run(main())


def test_a_client_that_goes_while_its_request_connects_leaves_the_connection_to_the_next() -> None:
    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address]}) as served:
            gate = gated(served)
            async with client(served) as opened:
                await opened.send(get())
                await until(lambda: served.in_flight)
            await until(lambda: served.records)
            assert [each.reason for each in served.records] == ["client-gone"]
            assert served.in_flight == 0
            gate.set()
            await until(lambda: up.conversations)
            assert up.received == []
            assert (await ask(served, get())).status == 200
            assert len(up.conversations) == 1

    run(main())


@pytest.mark.parametrize(
    ("head", "framed"),
    [
        (b"content-length: 100\r\n\r\nhello", True),
        (b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n", True),
    ],
)
@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_an_answer_that_breaks_off_breaks_off_for_the_client_too(head: bytes, framed: bool, version: str) -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.request()
        await conversation.send(b"HTTP/1.1 200 OK\r\n" + head)
        await asyncio.sleep(0.02)
        conversation.reset()

    async def main() -> None:
        async with upstream(script) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            await opened.send(get(version=version))
            raw = b""
            broken = False
            try:
                while data := await opened.reader.read(1000):
                    raw += data
            except ConnectionResetError:
                broken = True
            assert b"hello" in raw
            length = re.search(rb"content-length: (\d+)", raw)
            if length is None and b"chunked" not in raw:
                assert broken, "to this client an ended connection is a whole answer"
            assert not raw.endswith(b"0\r\n\r\n")
            assert [(each.code, each.reason) for each in served.records] == [(200, "upstream-reset")]

    run(main())


def test_a_malformed_answer_is_answered_502() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.request()
        await conversation.send(b"SSH-2.0-OpenSSH_9\r\n")
        await conversation.gone()

    async def main() -> None:
        async with upstream(script) as up, gateway({"a": [up.address]}) as served:
            answer = await ask(served, get())
            assert (answer.status, answer.reason) == (502, "upstream-reset")

    run(main())


def test_a_server_that_stays_silent_is_given_up() -> None:
    async def main() -> None:
        async with (
            upstream(silent) as up,
            gateway({"a": [up.address]}, limits=Limits(quiet=3.0)) as served,
            client(served) as opened,
        ):
            await opened.send(get())
            await until(lambda: up.received)
            for _ in range(3):
                assert served.records == []
                served.state.sweep()
            answer = await opened.read()
            assert (answer.status, answer.reason) == (504, "timeout")
            await opened.send(get())
            await until(lambda: len(up.received) == 2)

    run(main())


def test_an_answer_that_comes_before_the_request_is_whole_is_relayed_and_the_rest_dropped() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.head()
        await conversation.answer(b"early", status="403 Forbidden")
        await conversation.gone()

    async def main() -> None:
        async with upstream(script) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            raw = post(b"x" * 100_000, media="text/plain")
            await opened.send(raw[:-50_000])
            answer = await opened.read("POST")
            assert (answer.status, answer.body) == (403, b"early")
            await opened.send(raw[-50_000:])
            await opened.send(raw)
            assert (await opened.read("POST")).status == 403
            assert len(up.conversations) == 2

    run(main())


def test_a_record_says_what_was_decided_and_how_it_ended() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.request()
        await conversation.send(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n",
            b"5\r\ndata:\r\n",
        )
        await conversation.reader.read(1)

    async def main() -> None:
        async with upstream(script) as up, gateway({"a": [up.address], "b": []}, {"a": 99, "b": 1}) as served:
            async with client(served) as opened:
                await opened.send(post(b'{"prompt_cache_key":"k1"}'))
                await opened.reader.readuntil(b"data:\r\n")
                await until(lambda: served.state.streams == 1)
                assert served.in_flight == 1
            await until(lambda: served.records)
            (record,) = served.records
            assert (record.place.route, record.place.rule, record.place.pool, record.endpoint) == (
                "default/r",
                "0",
                "default/a",
                up.address,
            )
            assert (record.place.table_version, record.place.weight, record.place.weight_total) == (1, 99, 100)
            assert (record.code, record.reason, record.stream, record.attempts) == (200, "client-gone", True, 1)
            assert record.unit.startswith("key:")
            assert record.ttfb is not None
            assert record.ttft is not None
            assert 0 < record.ttfb <= record.ttft <= record.duration

    run(main())


def test_an_open_stream_keeps_its_upstream_when_the_table_is_swapped() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.request()
        await conversation.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n")
        await conversation.server.go.wait()  # type: ignore[attr-defined]  # set below
        await conversation.send(b"1\r\nb\r\n0\r\n\r\n")

    async def main() -> None:
        async with upstream(script) as old, upstream(answering()) as new, gateway({"a": [old.address]}) as served:
            old.go = asyncio.Event()  # type: ignore[attr-defined]
            async with client(served) as opened:
                await opened.send(get())
                await until(lambda: served.state.in_flight(0) == 1)
                served.endpoints({"b": [new.address]})
                served.swap(table({"b": 1}))
                assert (await ask(served, get())).pool == "b"
                old.go.set()  # type: ignore[attr-defined]
                answer = await opened.read()
                assert (answer.body, answer.pool, answer.whole) == (b"ab", "a", True)
            assert sorted((each.place.pool, each.place.table_version) for each in served.records) == [
                ("default/a", 1),
                ("default/b", 2),
            ]

    run(main())


def test_a_request_keeps_the_table_that_it_began_with() -> None:
    async def main() -> None:
        async with (
            upstream(answering()) as up,
            gateway({"a": [up.address], "b": [up.address]}, {"a": 1}) as served,
            client(served) as opened,
        ):
            raw = post(b'{"x":1}')
            await opened.send(raw[:-3])
            await until(lambda: any(session.busy() for session in served.state.sessions))
            served.swap(table({"b": 1}))
            await opened.send(raw[-3:])
            assert (await opened.read("POST")).pool == "a"

    run(main())


def test_the_rest_of_a_request_that_was_answered_early_is_dropped_only_up_to_the_limit() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.head()
        await conversation.answer(b"early", status="403 Forbidden")
        await conversation.gone()

    async def main() -> None:
        limits = Limits(body=1_000_000)
        async with (
            upstream(script) as up,
            gateway({"a": [up.address]}, limits=limits) as served,
            client(served) as opened,
        ):
            await opened.send(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
            assert (await opened.read("POST")).status == 403
            with pytest.raises(ConnectionError):
                await opened.send(*[b"10000\r\n" + b"x" * 65536 + b"\r\n"] * 1000)
            assert [each.code for each in served.records] == [403]

    run(main())
