"""Copies on the wire: what a mirror gets, and that nobody else notices."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from msgspec.structs import replace

from tests.support.upstream import Conversation, Received, Script, answering, refused, upstream
from tests.support.worker import Gateway, ask, client, gated, gateway, get, pool_ref, post, run, table, until
from turnout.proxy.limits import SWEEP, Limits
from turnout.proxy.mirror import Bounds, Mirrors
from turnout.table import Filters, HeaderChange, Mirror, RoutingTable


def mirroring(*mirrors: Mirror, headers: tuple[HeaderChange, ...] = ()) -> RoutingTable:
    """Serves pool `a`, and mirrors."""
    made = table({"a": 1})
    route = made.routes["default/r"]
    changed = Filters(mirrors=mirrors, request_headers=headers)
    return replace(made, routes={"default/r": replace(route, rules=(replace(route.rules[0], filters=changed),))})


@asynccontextmanager
async def mirrored(
    pools: Mapping[str, Sequence[str]], *names: str, bounds: Bounds | None = None, limits: Limits | None = None
) -> AsyncIterator[Gateway]:
    """Pool `a` behind a gateway that copies everything to the pools `names`."""
    routes = mirroring(*(Mirror(pool_ref(name)) for name in names))
    async with gateway(pools, routing_table=routes, limits=limits) as served:
        served.state.mirrors = Mirrors(bounds)
        yield served


def alike(one: Received, other: Received) -> bool:
    return (one.raw, one.body) == (other.raw, other.body)


def head_or(body: bytes) -> Script:
    """Answers everything with `body`, but for HEAD."""

    async def script(conversation: Conversation) -> None:
        while True:
            asked = await conversation.request()
            if asked.line.startswith("HEAD"):
                await conversation.send(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n")
            else:
                await conversation.answer(body)

    return script


REQUESTS = (
    (get("/x?y", "X-A: b", "Authorization: Bearer k"), "GET"),
    (post(b'{"model":"m"}'), "POST"),
    (post(b"sound" * 1000, media="audio/mpeg"), "POST"),
    (get("/", method="HEAD"), "HEAD"),
    (get("/", "Transfer-Encoding: chunked", method="POST") + b"3\r\nabc\r\n0\r\n\r\n", "POST"),
)


def test_mirrors_get_the_request_as_the_server_got_it() -> None:
    async def main() -> None:
        async with (
            upstream(head_or(b"ok")) as up,
            upstream(head_or(b"thrown away")) as first,
            upstream(head_or(b"")) as second,
            mirrored({"a": [up.address], "m": [first.address], "n": [second.address]}, "m", "n") as served,
            client(served) as opened,
        ):
            for raw, method in REQUESTS:
                await opened.send(raw)
                answer = await opened.read(method)
                assert (answer.status, answer.pool) == (200, "a")
                assert answer.body == (b"" if method == "HEAD" else b"ok")
                await until(lambda: len(first.received) == len(second.received) == len(up.received))
                assert alike(first.received[-1], up.received[-1])
                assert alike(second.received[-1], up.received[-1])
            await until(lambda: served.state.mirrors.counts["sent"] == 2 * len(REQUESTS))
            assert served.state.mirrors.held == served.in_flight == 0
            assert len(served.records) == len(REQUESTS)
            assert {each.place.pool for each in served.records} == {"default/a"}
            assert len(first.conversations) == 1

    run(main())


def test_copies_are_changed_as_the_rule_says_and_are_an_exact_share() -> None:
    async def main() -> None:
        headers = (HeaderChange(set=(("x-set", "1"),), remove=("x-gone",)),)
        routes = mirroring(Mirror(pool_ref("m"), 1, 10), headers=headers)
        async with (
            upstream(answering()) as up,
            upstream(answering()) as mirror,
            gateway({"a": [up.address], "m": [mirror.address]}, routing_table=routes) as served,
            client(served) as opened,
        ):
            for _ in range(200):
                await opened.send(get("/", "X-Gone: 1"))
                assert (await opened.read()).pool == "a"
            await until(lambda: served.state.mirrors.counts.total() == 20)
            assert len(mirror.received) == 20
            for each in mirror.received:
                assert "x-gone" not in each.headers
                assert each.headers["x-set"] == "1"
            assert {each.headers["x-request-id"] for each in mirror.received} < {
                each.headers["x-request-id"] for each in up.received
            }

    run(main())


def test_a_copy_leaves_once_the_whole_request_has_left() -> None:
    async def main() -> None:
        async with (
            upstream(answering()) as up,
            upstream(answering()) as mirror,
            mirrored({"a": [up.address], "m": [mirror.address]}, "m") as served,
            client(served) as opened,
        ):
            raw = get("/", "Transfer-Encoding: chunked", method="POST")
            await opened.send(raw + b"3\r\none\r\n")
            await until(lambda: up.conversations)
            await opened.send(b"3\r\ntwo\r\n")
            await until(lambda: served.state.mirrors.held == 6)
            assert not mirror.conversations
            assert served.in_flight == 1
            await opened.send(b"5\r\nthree\r\n0\r\n\r\n")
            assert (await opened.read("POST")).status == 200
            await until(lambda: mirror.received)
            assert mirror.received[0].body == up.received[0].body == b"onetwothree"
            await until(lambda: served.state.mirrors.counts["sent"])
            assert served.state.mirrors.held == 0

    run(main())


def test_a_request_that_does_not_come_whole_is_not_copied() -> None:
    async def main() -> None:
        async with (
            upstream(answering()) as up,
            upstream(answering()) as mirror,
            mirrored({"a": [up.address], "m": [mirror.address]}, "m") as served,
        ):
            async with client(served) as opened:
                await opened.send(get("/", "Transfer-Encoding: chunked", method="POST") + b"3\r\none\r\n")
                await until(lambda: served.state.mirrors.held)
                opened.leave()
                await until(lambda: served.records)
            assert served.state.mirrors.held == 0
            assert not served.state.mirrors.counts
            assert not mirror.conversations

    run(main())


async def hang(conversation: Conversation) -> None:
    """Reads one request and answers nothing."""
    await conversation.request()
    await conversation.gone()


def test_a_mirror_that_hangs_is_in_flight_and_no_more_copies_than_may_be_are_made() -> None:
    async def main() -> None:
        async with (
            upstream(answering()) as up,
            upstream(hang) as mirror,
            mirrored({"a": [up.address], "m": [mirror.address]}, "m", bounds=Bounds(copies=2)) as served,
        ):
            for _ in range(5):
                assert (await ask(served, post(b"{}"), "POST")).status == 200
            await until(lambda: len(mirror.received) == 2)
            mirrors = served.state.mirrors
            assert mirrors.counts == {"dropped": 3}
            assert served.state.in_flight(served.slot(mirror.address)) == 2
            assert served.state.in_flight(served.slot(up.address)) == 0
            assert mirrors.held == 4
            mirrors.close()
            assert served.in_flight == mirrors.held == 0
            assert mirrors.counts == {"dropped": 3, "failed": 2}

    run(main())


def test_a_mirror_that_is_silent_for_too_long_is_given_up() -> None:
    async def main() -> None:
        async with (
            upstream(answering()) as up,
            upstream(hang) as mirror,
            mirrored({"a": [up.address], "m": [mirror.address]}, "m", limits=Limits(quiet=2 * SWEEP)) as served,
        ):
            await ask(served, get())
            await until(lambda: mirror.received)
            served.state.sweep()
            assert served.in_flight == 1
            served.state.sweep()
            assert served.in_flight == 0

    run(main())


def test_a_mirror_that_fails_costs_the_client_nothing() -> None:
    async def broken(conversation: Conversation) -> None:
        await conversation.request()
        await conversation.send(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf")

    async def malformed(conversation: Conversation) -> None:
        await conversation.request()
        await conversation.send(b"what?")
        await conversation.gone()

    async def endless(conversation: Conversation) -> None:
        await conversation.request()
        await conversation.send(b"HTTP/1.1 200 OK\r\n\r\n" + bytes(1000))
        await conversation.gone()

    async def main() -> None:
        async with (
            upstream(answering()) as up,
            upstream(broken) as half,
            upstream(malformed) as odd,
            upstream(endless) as long,
        ):
            pools = {
                "a": [up.address],
                "half": [half.address],
                "odd": [odd.address],
                "long": [long.address],
                "away": [await refused()],
                "empty": [],
            }
            names = ("half", "odd", "long", "away", "empty", "unknown")
            async with mirrored(pools, *names, bounds=Bounds(answer=999)) as served:
                answer = await ask(served, post(b"{}"), "POST")
                assert (answer.status, answer.body, answer.pool) == (200, b"ok", "a")
                await until(lambda: served.state.mirrors.counts["failed"] == len(names))
                assert served.in_flight == served.state.mirrors.held == 0
                assert [each.reason for each in served.records] == [""]

    run(main())


def test_a_worker_that_is_behind_or_drains_makes_no_copies() -> None:
    async def main() -> None:
        async with (
            upstream(answering()) as up,
            upstream(answering()) as mirror,
            mirrored({"a": [up.address], "m": [mirror.address]}, "m", bounds=Bounds(lag=-1.0)) as served,
        ):
            await ask(served, post(b"{}"), "POST")
            assert served.state.mirrors.counts == {"dropped": 1}
            served.state.mirrors = Mirrors()
            served.state.draining = True
            await ask(served, post(b"{}"), "POST")
            assert served.state.mirrors.counts == {"dropped": 1}
            assert served.state.mirrors.held == 0
            assert not mirror.conversations

    run(main())


def test_a_request_that_is_tried_again_is_copied_once() -> None:
    async def cold(conversation: Conversation) -> None:
        await conversation.request()

    async def main() -> None:
        async with (
            upstream(cold) as bad,
            upstream(answering()) as mirror,
            mirrored({"a": [bad.address, await refused()], "m": [mirror.address]}, "m") as served,
        ):
            assert (await ask(served, post(b"{}"), "POST")).status >= 502
            await until(lambda: served.state.mirrors.counts["sent"])
            assert served.state.mirrors.counts == {"sent": 1}
            assert len(mirror.received) == 1

    run(main())


def test_a_request_that_waits_for_its_connection_is_not_copied_before() -> None:
    async def main() -> None:
        async with (
            upstream(answering()) as up,
            upstream(answering()) as mirror,
            mirrored({"a": [up.address], "m": [mirror.address]}, "m") as served,
            client(served) as opened,
        ):
            gate = gated(served)
            await opened.send(post(b"{}"))
            await until(lambda: served.in_flight)
            assert served.in_flight == 1
            gate.set()
            assert (await opened.read("POST")).status == 200
            await until(lambda: served.state.mirrors.counts["sent"])

    run(main())
