"""A route's timeouts, before and after an answer has begun."""

import asyncio

import pytest

from tests.support.upstream import Conversation, answering, upstream
from tests.support.worker import ask, client, gated, gateway, get, post, run, serving, until
from turnout.table import Timeouts

SHORT = 0.4


async def silent(conversation: Conversation) -> None:
    await conversation.request()
    await conversation.gone()


async def endless(conversation: Conversation) -> None:
    await conversation.request()
    await conversation.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        await conversation.send(b"9\r\ndata: x\n\n\r\n")
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("timeouts", [Timeouts(request=SHORT), Timeouts(backend_request=SHORT)])
def test_an_answer_that_does_not_begin_in_time_is_504_and_the_connection_stays(timeouts: Timeouts) -> None:
    async def main() -> None:
        async with (
            upstream(silent) as up,
            gateway({"a": [up.address]}, routing_table=serving(timeouts=timeouts)) as served,
        ):
            async with client(served) as opened:
                for _ in range(2):
                    await opened.send(post(b"{}"))
                    answer = await opened.read("POST")
                    assert (answer.status, answer.reason, answer.pool) == (504, "timeout", "a")
            assert [(each.code, each.reason) for each in served.records] == [(504, "timeout")] * 2
            assert all(each.duration >= SHORT for each in served.records)
            assert served.in_flight == 0

    run(main())


@pytest.mark.parametrize("timeouts", [Timeouts(request=SHORT), Timeouts(backend_request=SHORT)])
def test_a_stream_that_takes_too_long_breaks_off_where_the_client_sees_it(timeouts: Timeouts) -> None:
    async def main() -> None:
        async with (
            upstream(endless) as up,
            gateway({"a": [up.address]}, routing_table=serving(timeouts=timeouts)) as served,
            client(served) as opened,
        ):
            await opened.send(get())
            answer = await opened.read()
            assert (answer.status, answer.whole) == (200, False)
            assert answer.body
            assert [(each.code, each.reason) for each in served.records] == [(200, "timeout")]

    run(main())


def test_a_stream_to_a_client_of_http_1_0_ends_with_a_reset() -> None:
    async def main() -> None:
        async with (
            upstream(endless) as up,
            gateway({"a": [up.address]}, routing_table=serving(timeouts=Timeouts(request=SHORT))) as served,
            client(served) as opened,
        ):
            await opened.send(get(version="1.0"))
            with pytest.raises(ConnectionResetError):
                await opened.reader.read()
            assert [(each.code, each.reason) for each in served.records] == [(200, "timeout")]

    run(main())


def test_a_body_that_does_not_come_in_time_is_504() -> None:
    async def main() -> None:
        routes = serving(timeouts=Timeouts(request=SHORT))
        async with upstream(answering()) as up, gateway({"a": [up.address]}, routing_table=routes) as served:
            raw = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
            answer = await ask(served, raw, "POST")
            assert (answer.status, answer.reason, answer.headers["connection"]) == (504, "timeout", "close")
            assert up.received == []

    run(main())


def test_a_connection_that_is_not_made_in_time_is_504() -> None:
    async def main() -> None:
        routes = serving(timeouts=Timeouts(backend_request=SHORT))
        async with upstream(answering()) as up, gateway({"a": [up.address]}, routing_table=routes) as served:
            gate = gated(served)
            answer = await ask(served, get())
            assert (answer.status, answer.reason) == (504, "timeout")
            gate.set()
            await until(lambda: up.conversations)
            assert (await ask(served, get())).status == 200

    run(main())


@pytest.mark.parametrize("timeouts", [None, Timeouts(), Timeouts(request=0.0, backend_request=0.0)])
def test_without_a_limit_no_alarm_is_set(timeouts: Timeouts | None) -> None:
    async def main() -> None:
        async with (
            upstream(answering()) as up,
            gateway({"a": [up.address]}, routing_table=serving(timeouts=timeouts)) as served,
        ):
            assert (await ask(served, get())).status == 200
            assert served.state.alarms._wheel.empty

    run(main())


def test_an_answer_in_time_is_not_touched_and_its_alarms_ring_for_nobody() -> None:
    async def main() -> None:
        routes = serving(timeouts=Timeouts(request=1.0, backend_request=1.0))
        async with (
            upstream(answering()) as up,
            gateway({"a": [up.address]}, routing_table=routes) as served,
            client(served) as opened,
        ):
            await opened.send(get())
            assert (await opened.read()).status == 200
            assert not served.state.alarms._wheel.empty
            await until(lambda: served.state.alarms._wheel.empty)
            await opened.send(get())
            assert (await opened.read()).status == 200
            assert [each.code for each in served.records] == [200, 200]

    run(main())


def test_the_time_of_an_attempt_begins_anew_with_the_next_one() -> None:
    limit, work = 1.6, 1.2

    async def reset(conversation: Conversation) -> None:
        await conversation.request()
        await asyncio.sleep(work)
        conversation.reset()

    async def slow(conversation: Conversation) -> None:
        await conversation.request()
        await asyncio.sleep(work)
        await conversation.answer()

    async def main() -> None:
        routes = serving(timeouts=Timeouts(backend_request=limit))
        async with (
            upstream(reset) as bad,
            upstream(slow) as good,
            gateway({"a": [bad.address, good.address]}, routing_table=routes) as served,
        ):
            served.cells.add(served.slot(good.address), 1)  # so that the other one is picked first
            answer = await ask(served, get())
            served.cells.add(served.slot(good.address), -1)
            assert (answer.status, len(bad.received), len(good.received)) == (200, 1, 1)
            assert served.records[0].duration > limit

    run(main())
