"""A tunnel: what two sides that have switched protocols see of each other, and how it ends."""

import asyncio
from collections.abc import Callable

from msgspec.structs import replace

from tests.support.switching import SWITCHED, WEBSOCKET, break_off, echo, head, switch, switching
from tests.support.upstream import Conversation, upstream
from tests.support.worker import Client, client, gateway, run, table, until
from turnout.proxy.limits import SWEEP, Limits
from turnout.table import RoutingTable, Timeouts


def test_a_switch_is_asked_for_and_granted_in_the_words_of_both_sides() -> None:
    async def main() -> None:
        async with upstream(echo) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            answer = await switch(opened)
            assert answer.status == 101
            assert answer.headers["connection"] == "upgrade"
            assert answer.headers["upgrade"] == "WebSocket"
            assert answer.headers["sec-websocket-accept"] == "a"
            assert answer.headers["x-turnout-pool"] == "a"
            assert answer.headers["x-turnout-endpoint"] == up.address
            assert "content-length" not in answer.headers
            assert "transfer-encoding" not in answer.headers
            asked = up.received[0].headers
            assert (asked["connection"], asked["upgrade"], asked["sec-websocket-key"]) == ("upgrade", "websocket", "k")
            assert asked["x-request-id"] == answer.headers["x-request-id"]

    run(main())


def test_bytes_go_both_ways_and_the_tunnel_is_in_flight_until_it_is_closed() -> None:
    async def main() -> None:
        async with upstream(echo) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            await switch(opened)
            for size in (1, 1000, 300_000):
                await opened.send(bytes(size))
                assert await opened.reader.readexactly(size) == bytes(size)
            served.swap(table({"b": 1}))
            await opened.send(b"on")
            assert await opened.reader.readexactly(2) == b"on"
            assert (served.in_flight, served.state.streams, served.records) == (1, 1, [])
            opened.writer.write_eof()
            assert await opened.reader.read() == b""
            await until(lambda: served.records)
            assert served.in_flight == 0
            (record,) = served.records
            assert (record.code, record.reason, record.place.pool, record.attempts) == (101, "", "default/a", 1)
            assert record.stream
            assert record.ttfb is not None
            assert not served.state.sessions

    run(main())


def test_what_is_sent_behind_either_head_is_not_lost() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.request()
        await go.wait()
        await conversation.send(SWITCHED + b"server")
        assert await conversation.reader.readexactly(9) == b"clientnow"
        conversation.writer.write(b"done")

    go = asyncio.Event()

    async def main() -> None:
        async with upstream(script) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            await opened.send(WEBSOCKET + b"cli", b"ent")
            go.set()
            await head(opened)
            await opened.send(b"now")
            assert await opened.reader.read() == b"serverdone"

    run(main())


def test_each_side_may_end_its_half_first() -> None:
    async def late(conversation: Conversation) -> None:
        assert await conversation.reader.read() == b"question"
        conversation.writer.write(b"answer")

    async def early(conversation: Conversation) -> None:
        conversation.writer.write(b"all")
        conversation.writer.write_eof()
        assert await conversation.reader.read() == b"thanks"

    async def main() -> None:
        async with upstream(switching(late)) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            await switch(opened)
            opened.writer.write(b"question")
            opened.writer.write_eof()
            assert await opened.reader.read() == b"answer"
            await until(lambda: served.records)
        async with upstream(switching(early)) as up, gateway({"a": [up.address]}) as other, client(other) as opened:
            await switch(opened)
            assert await opened.reader.read() == b"all"
            assert other.in_flight == 1
            opened.writer.write(b"thanks")
            opened.writer.write_eof()
            await until(lambda: other.records)
        assert [each.reason for each in served.records + other.records] == ["", ""]

    run(main())


def test_a_client_that_breaks_off_takes_the_server_with_it() -> None:
    async def main() -> None:
        gone = asyncio.Event()

        async def script(conversation: Conversation) -> None:
            await conversation.gone()
            gone.set()

        async with upstream(switching(script)) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            await switch(opened)
            break_off(opened.writer)
            await gone.wait()
            await until(lambda: served.records)
            assert (served.records[0].code, served.records[0].reason) == (101, "client-gone")

    run(main())


def test_a_server_that_breaks_off_takes_the_client_with_it() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.reader.readexactly(2)
        break_off(conversation.writer)

    async def main() -> None:
        async with upstream(switching(script)) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            await switch(opened)
            await opened.send(b"go")
            assert await opened.ended()
            await until(lambda: served.records)
            assert served.records[0].reason == "upstream-reset"

    run(main())


LOAD = 32 * 1024 * 1024


def test_a_client_that_does_not_read_holds_the_server_back() -> None:
    sent = 0

    async def flood(conversation: Conversation) -> None:
        nonlocal sent
        piece = bytes(256 * 1024)
        while sent < LOAD:
            conversation.writer.write(piece)
            await conversation.writer.drain()
            sent += len(piece)

    async def main() -> None:
        async with upstream(switching(flood)) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            await switch(opened)
            await stalls(lambda: sent)
            assert sent < LOAD
            read = 0
            while data := await opened.reader.read(1 << 20):
                read += len(data)
            assert read == LOAD

    run(main())


def test_a_server_that_does_not_read_holds_the_client_back() -> None:
    go = asyncio.Event()
    read = 0

    async def slow(conversation: Conversation) -> None:
        nonlocal read
        await go.wait()
        while data := await conversation.reader.read(1 << 20):
            read += len(data)

    async def main() -> None:
        sent = 0

        async def flood(opened: Client) -> None:
            nonlocal sent
            piece = bytes(256 * 1024)
            while sent < LOAD:
                opened.writer.write(piece)
                await opened.writer.drain()
                sent += len(piece)
            opened.writer.write_eof()

        async with upstream(switching(slow)) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            await switch(opened)
            flooding = asyncio.create_task(flood(opened))
            await stalls(lambda: sent)
            assert sent < LOAD
            go.set()
            await flooding
            assert await opened.reader.read() == b""
            assert read == LOAD
            await until(lambda: served.records)

    run(main())


async def stalls(count: Callable[[], int]) -> None:
    """Returns once the count has grown and stands still."""
    seen, still = 0, 0
    while still < 20:
        await asyncio.sleep(0.01)
        now = count()
        still = still + 1 if now and now == seen else 0
        seen = now


def test_what_comes_before_the_switch_is_held_up_to_a_limit() -> None:
    go = asyncio.Event()

    async def script(conversation: Conversation) -> None:
        await conversation.request()
        await go.wait()
        await conversation.send(SWITCHED)
        left = LOAD
        while left:
            left -= len(await conversation.reader.read(1 << 20))

    async def main() -> None:
        async with (
            upstream(script) as up,
            gateway({"a": [up.address]}, limits=Limits(held=65536)) as served,
            client(served) as opened,
        ):
            sent = 0

            async def flood() -> None:
                nonlocal sent
                piece = bytes(256 * 1024)
                while sent < LOAD:
                    opened.writer.write(piece)
                    await opened.writer.drain()
                    sent += len(piece)

            await opened.send(WEBSOCKET)
            flooding = asyncio.create_task(flood())
            await stalls(lambda: sent)
            assert sent < LOAD
            go.set()
            await flooding
            await head(opened)
            assert await opened.reader.read() == b""

    run(main())


def test_a_tunnel_is_drained_like_a_stream() -> None:
    async def main() -> None:
        async with upstream(echo) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            await switch(opened)
            served.state.draining = True
            (session,) = served.state.sessions
            assert session.busy()
            assert not session.close_idle(served.state.clock())
            await opened.send(b"still")
            assert await opened.reader.readexactly(5) == b"still"
            session.end()
            assert await opened.ended()
            await until(lambda: served.records)
            assert served.records[0].reason == "draining"

    run(main())


def test_a_switch_is_granted_while_the_gateway_drains() -> None:
    async def main() -> None:
        async with upstream(echo) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            served.state.draining = True
            answer = await switch(opened)
            assert (answer.status, answer.headers["connection"]) == (101, "upgrade")
            await opened.send(b"on")
            assert await opened.reader.readexactly(2) == b"on"

    run(main())


def test_a_tunnel_in_which_nothing_moves_is_given_up() -> None:
    async def main() -> None:
        async with (
            upstream(echo) as up,
            gateway({"a": [up.address]}, limits=Limits(quiet=3 * SWEEP)) as served,
            client(served) as opened,
        ):
            await switch(opened)
            for _ in range(3):
                served.state.sweep()
                served.state.sweep()
                assert not served.records
                await opened.send(b"on")
                assert await opened.reader.readexactly(2) == b"on"
            for _ in range(3):
                served.state.sweep()
            assert await opened.ended()
            await until(lambda: served.records)
            assert served.records[0].reason == "timeout"

    run(main())


def timed(seconds: float) -> RoutingTable:
    made = table({"a": 1})
    route = made.routes["default/r"]
    rule = replace(route.rules[0], timeouts=Timeouts(seconds, seconds))
    return replace(made, routes={"default/r": replace(route, rules=(rule,))})


def test_a_routes_timeouts_end_with_the_answer() -> None:
    async def main() -> None:
        async with (
            upstream(echo) as up,
            gateway({"a": [up.address]}, routing_table=timed(1.0)) as served,
            client(served) as opened,
        ):
            await switch(opened)
            rung = asyncio.Event()
            served.state.alarms.set(1.0, Bell(rung))
            await rung.wait()
            await opened.send(b"on")
            assert await opened.reader.readexactly(2) == b"on"

    run(main())


class Bell:
    """Set behind an alarm of the same seconds, it rings after it would have."""

    def __init__(self, rung: asyncio.Event) -> None:
        self._rung = rung

    def overdue(self, seconds: float) -> None:
        self._rung.set()
