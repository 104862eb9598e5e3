"""Connections kept between requests."""

import asyncio
from typing import cast

from tests.support.upstream import Conversation, answering, upstream
from tests.support.worker import Gateway, ask, gateway, get, run, until
from turnout.proxy.connections import Server
from turnout.proxy.limits import Limits
from turnout.proxy.upstream import Upstream


async def slow(conversation: Conversation) -> None:
    """Answers each request after a while, so that requests at once take connections of their own."""
    while True:
        await conversation.request()
        await asyncio.sleep(0.05)
        await conversation.answer()


async def several(served: Gateway, count: int) -> None:
    answers = await asyncio.gather(*(ask(served, get()) for _ in range(count)))
    assert {each.status for each in answers} == {200}


def test_requests_at_once_have_connections_of_their_own_and_leave_them_to_the_next() -> None:
    async def main() -> None:
        async with upstream(slow) as up, gateway({"a": [up.address]}) as served:
            await several(served, 5)
            await several(served, 5)
            assert len(up.conversations) == 5

    run(main())


def test_the_connection_that_was_used_last_is_used_next() -> None:
    async def main() -> None:
        async with upstream(slow) as up, gateway({"a": [up.address]}) as served:
            await several(served, 3)
            last = served.state.connections.server(up.address).idle[-1]
            assert (await ask(served, get())).status == 200
            assert served.state.connections.server(up.address).idle[-1] is last

    run(main())


def test_no_more_connections_are_kept_than_may_be() -> None:
    async def main() -> None:
        limits = Limits(idle_per_endpoint=2)
        async with upstream(slow) as up, gateway({"a": [up.address]}, limits=limits) as served:
            await several(served, 5)
            server = served.state.connections.server(up.address)
            await until(lambda: (len(server.idle), server.open) == (2, 2))

    run(main())


def test_a_connection_that_was_idle_for_too_long_is_not_used_and_goes_with_the_sweep() -> None:
    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address]}) as served:
            now = [1000.0]
            served.state.clock = lambda: now[0]
            assert (await ask(served, get())).status == 200
            now[0] += 3.9
            assert (await ask(served, get())).status == 200
            assert len(up.conversations) == 1
            now[0] += 4.1
            assert (await ask(served, get())).status == 200
            assert len(up.conversations) == 2
            now[0] += 4.1
            server = served.state.connections.server(up.address)
            served.state.sweep()
            await until(lambda: server.open == 0)
            served.state.sweep()
            assert served.state.connections.server(up.address) is not server

    run(main())


def test_a_connection_that_the_server_closes_is_forgotten() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.request()
        await conversation.answer()

    async def main() -> None:
        async with upstream(script) as up, gateway({"a": [up.address]}) as served:
            assert (await ask(served, get())).status == 200
            server = served.state.connections.server(up.address)
            await until(lambda: not server.idle and not server.open)

    run(main())


def test_an_ipv6_address_is_taken_apart() -> None:
    async def main() -> None:
        async with gateway({}) as served:
            server = served.state.connections.server("[::1]:9001")
            assert (server.host, server.port) == ("::1", 9001)

    run(main())


class Transport:
    """Notes whether it reads."""

    def __init__(self) -> None:
        self.reading = True
        self.aborted = False

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def abort(self) -> None:
        self.aborted = True

    def is_closing(self) -> bool:
        return self.aborted

    def get_write_buffer_size(self) -> int:
        return 0


def test_a_connection_that_was_paused_reads_again_when_it_is_kept() -> None:
    server = Server("127.0.0.1:1", Limits())
    connection = Upstream(server, cast("asyncio.AbstractEventLoop", None))
    transport = Transport()
    connection.connection_made(cast("asyncio.Transport", transport))
    connection.reusable = True
    connection.pause()

    server.release(connection, 1.0)

    assert (transport.reading, transport.aborted) == (True, False)
    assert server.take(1.5) is connection
