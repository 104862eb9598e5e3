"""What a Gateway's GatewayParameters change for its requests and connections."""

import pytest

from tests.support.upstream import answering, upstream
from tests.support.worker import ask, client, gateway, get, post, run, serving, until
from turnout.proxy.limits import Limits
from turnout.table import Parameters


@pytest.mark.parametrize(("limit", "body", "status"), [(9, 9, 200), (9, 10, 413), (200, 150, 200)])
@pytest.mark.parametrize("media", ["application/json", "text/plain"])
def test_a_gateways_own_limit_of_a_body_counts_in_place_of_the_workers(
    limit: int, body: int, status: int, media: str
) -> None:
    routes = serving(parameters=Parameters(body_bytes=limit))
    whole = post(b"x" * body, media=media)
    chunked = (
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: %b\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n"
    )

    async def main() -> None:
        async with (
            upstream(answering()) as up,
            gateway({"a": [up.address]}, routing_table=routes, limits=Limits(body=100)) as served,
        ):
            for raw in (whole, chunked % (media.encode(), body, b"x" * body)):
                answer = await ask(served, raw, "POST")
                assert answer.status == status
                assert answer.reason == ("body-too-large" if status == 413 else "")
            assert len(up.received) == (2 if status == 200 else 0)

    run(main())


def test_the_workers_limit_counts_where_no_gateway_sets_one() -> None:
    async def main() -> None:
        async with (
            upstream(answering()) as up,
            gateway({"a": [up.address]}, routing_table=serving(), limits=Limits(body=100)) as served,
        ):
            assert (await ask(served, post(b"x" * 100), "POST")).status == 200
            assert (await ask(served, post(b"x" * 101), "POST")).reason == "body-too-large"

    run(main())


def test_a_gateway_may_keep_its_pools_and_endpoints_to_itself() -> None:
    routes = serving(parameters=Parameters(response_headers=False))

    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address]}, routing_table=routes) as served:
            answer = await ask(served, get())
            assert answer.status == 200
            served.endpoints({"a": []})
            fault = await ask(served, get())
            assert fault.reason == "no-endpoints"
            for each in (answer, fault):
                assert not {"x-turnout-pool", "x-turnout-endpoint"} & set(each.headers)
            assert served.records[0].endpoint == up.address

    run(main())


@pytest.mark.parametrize(("idle", "after", "closes"), [(5.0, 6.0, True), (5.0, 4.0, False), (0.0, 10_000.0, False)])
def test_a_gateway_says_how_long_an_idle_connection_is_kept(idle: float, after: float, *, closes: bool) -> None:
    async def main() -> None:
        routes = serving(parameters=Parameters(idle=idle))
        async with (
            upstream(answering()) as up,
            gateway({"a": [up.address]}, routing_table=routes) as served,
            client(served) as opened,
        ):
            await opened.send(get())
            assert (await opened.read()).status == 200
            (session,) = served.state.sessions
            session.sweep(served.state.clock() + after)
            if closes:
                assert await opened.ended()
                await until(lambda: not served.state.sessions)
            else:
                await opened.send(get())
                assert (await opened.read()).status == 200

    run(main())
