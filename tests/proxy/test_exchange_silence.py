"""How long a server may be silent: before its answer, and within it."""

import pytest

from tests.support.upstream import Conversation, upstream
from tests.support.worker import Gateway, client, gateway, get, post, run, serving, until
from turnout.proxy.limits import Limits
from turnout.table import Parameters

HEAD = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


async def silent(conversation: Conversation) -> None:
    await conversation.request()
    await conversation.gone()


async def stopping(conversation: Conversation) -> None:
    await conversation.request()
    await conversation.send(HEAD + b"1\r\na\r\n")
    await conversation.gone()


def sweeps(served: Gateway, count: int) -> None:
    """So many seconds go by."""
    for _ in range(count):
        served.state.sweep()


@pytest.mark.parametrize(("own", "seconds"), [(None, 5), (3.0, 3), (8.0, 8)])
def test_a_server_may_take_so_long_to_begin_its_answer(own: float | None, seconds: int) -> None:
    routes = serving(parameters=Parameters(first_byte=own, stream_idle=1.0))

    async def main() -> None:
        async with (
            upstream(silent) as up,
            gateway({"a": [up.address]}, routing_table=routes, limits=Limits(quiet=5.0)) as served,
            client(served) as opened,
        ):
            await opened.send(get())
            await until(lambda: up.received)
            sweeps(served, seconds - 1)
            assert served.records == []
            sweeps(served, 1)
            answer = await opened.read()
            assert (answer.status, answer.reason) == (504, "timeout")
            assert b"sent nothing for %d s" % seconds in answer.body

    run(main())


@pytest.mark.parametrize(("own", "seconds"), [(None, 5), (3.0, 3), (8.0, 8)])
def test_a_stream_that_stands_still_for_so_long_is_broken_off_where_the_client_sees_it(
    own: float | None, seconds: int
) -> None:
    routes = serving(parameters=Parameters(first_byte=1.0, stream_idle=own))

    async def main() -> None:
        async with (
            upstream(stopping) as up,
            gateway({"a": [up.address]}, routing_table=routes, limits=Limits(quiet=5.0)) as served,
            client(served) as opened,
        ):
            await opened.send(get())
            await opened.reader.readuntil(b"1\r\na\r\n")
            sweeps(served, seconds - 1)
            assert served.records == []
            sweeps(served, 1)
            assert await opened.ended()
            assert [(each.code, each.reason) for each in served.records] == [(200, "timeout")]

    run(main())


@pytest.mark.parametrize("script", [silent, stopping])
def test_a_limit_of_nothing_is_none(script: object) -> None:
    routes = serving(parameters=Parameters(first_byte=0.0, stream_idle=0.0))

    async def main() -> None:
        async with (
            upstream(script) as up,  # type: ignore[arg-type]  # what parametrize hands in has no type
            gateway({"a": [up.address]}, routing_table=routes, limits=Limits(quiet=5.0)) as served,
            client(served) as opened,
        ):
            await opened.send(get())
            await until(lambda: up.received)
            sweeps(served, 10_000)
            assert served.records == []

    run(main())


def test_a_stream_that_moves_is_never_cut_however_long_it_is() -> None:
    routes = serving(parameters=Parameters(stream_idle=2.0))

    async def dripping(conversation: Conversation) -> None:
        await conversation.request()
        await conversation.send(HEAD)
        for _ in range(50):
            await conversation.send(b"1\r\na\r\n")
            await conversation.reader.read(1)
        await conversation.send(b"0\r\n\r\n")

    async def main() -> None:
        async with (
            upstream(dripping) as up,
            gateway({"a": [up.address]}, routing_table=routes) as served,
            client(served) as opened,
        ):
            await opened.send(get())
            await opened.reader.readuntil(b"\r\n\r\n")
            for _ in range(50):
                await opened.reader.readexactly(6)
                sweeps(served, 1)
                up.conversations[0].reader.feed_data(b"x")
            assert await opened.reader.readexactly(5) == b"0\r\n\r\n"

    run(main())


def test_a_client_that_stops_sending_is_given_up_whatever_the_server_may_take() -> None:
    routes = serving(parameters=Parameters(first_byte=0.0, stream_idle=0.0))

    async def main() -> None:
        async with (
            upstream(silent) as up,
            gateway({"a": [up.address]}, routing_table=routes, limits=Limits(quiet=5.0)) as served,
            client(served) as opened,
        ):
            await opened.send(post(b"x" * 10, media="text/plain")[:-5])
            await until(lambda: up.conversations)
            sweeps(served, 5)
            assert (await opened.read()).status == 408

    run(main())


def test_an_endpoint_that_stays_silent_has_failed() -> None:
    async def main() -> None:
        async with (
            upstream(silent) as up,
            gateway({"a": [up.address]}, limits=Limits(quiet=1.0)) as served,
            client(served) as opened,
        ):
            await opened.send(get())
            await until(lambda: up.received)
            sweeps(served, 1)
            assert (await opened.read()).status == 504
            assert [each.failures for each in served.state.outliers.standings.values()] == [1]

    run(main())
