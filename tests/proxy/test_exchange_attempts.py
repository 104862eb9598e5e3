"""A request's attempts: which endpoint is tried next, and when none is."""

from collections import Counter

from tests.support.upstream import Conversation, Script, answering, refused, upstream
from tests.support.worker import ask, client, gated, gateway, get, post, run, until
from turnout.endpoints import Endpoint
from turnout.proxy.limits import Limits


def resetting(requests: int = 0) -> Script:
    """Answers `requests` on each connection, then ends it when the next one is read."""

    async def script(conversation: Conversation) -> None:
        for _ in range(requests):
            await conversation.request()
            await conversation.answer()
        await conversation.request()
        conversation.reset()

    return script


def test_an_endpoint_that_refuses_is_passed_over_and_remembered() -> None:
    async def main() -> None:
        async with upstream(answering()) as up:
            dead = await refused()
            async with gateway({"a": [dead, up.address]}) as served:
                served.cells.cells[served.slot(up.address)] = 50  # the dead one looks better
                answers = [await ask(served, post(b"{}"), "POST") for _ in range(5)]
                served.cells.cells[served.slot(up.address)] -= 50
                assert {(each.status, each.headers["x-turnout-endpoint"]) for each in answers} == {(200, up.address)}
                assert [each.attempts for each in served.records] == [2, 1, 1, 1, 1]
                assert list(served.state.outliers.standings) == [dead]

    run(main())


def test_an_endpoint_that_resets_before_its_answer_is_passed_over() -> None:
    async def main() -> None:
        async with (
            upstream(resetting()) as bad,
            upstream(answering()) as good,
            gateway({"a": [bad.address, good.address]}) as served,
        ):
            served.cells.cells[served.slot(good.address)] = 50
            answer = await ask(served, post(b'{"x":1}'), "POST")
            served.cells.cells[served.slot(good.address)] -= 50
            assert answer.headers["x-turnout-endpoint"] == good.address
            assert [bad.received[0].body, good.received[0].body] == [b'{"x":1}'] * 2
            assert [bad.address] == list(served.state.outliers.standings)

    run(main())


def test_no_request_goes_to_another_pool_than_its_own() -> None:
    async def main() -> None:
        async with (
            upstream(answering()) as up,
            gateway({"a": [up.address], "b": [await refused(), await refused()]}) as served,
        ):
            answers = [await ask(served, get()) for _ in range(20)]
            assert Counter((each.status, each.pool, each.reason) for each in answers) == {
                (200, "a", ""): 10,
                (503, "b", "no-endpoints"): 10,
            }

    run(main())


def test_a_pool_whose_every_endpoint_refuses_is_answered_at_once_and_tried_again_after_a_second() -> None:
    async def main() -> None:
        async with gateway({"a": [await refused()]}) as served:
            now = [1000.0]
            served.state.clock = lambda: now[0]
            for _ in range(3):
                assert (await ask(served, get())).reason == "no-endpoints"
            now[0] += 1.5
            assert (await ask(served, get())).reason == "no-endpoints"
            assert [each.attempts for each in served.records] == [1, 0, 0, 1]

    run(main())


def test_an_endpoint_that_the_scraper_found_ready_since_is_tried_at_once() -> None:
    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address]}) as served:
            served.state.outliers.failed(up.address, served.state.clock(), refused=True)
            assert (await ask(served, get())).reason == "no-endpoints"
            since = served.state.clock() + 0.001
            served.state.endpoints = {"default/a": (Endpoint("a", up.address, 0, ready=True, checked=since),)}
            assert (await ask(served, get())).status == 200
            assert served.state.outliers.standings == {}

    run(main())


def test_as_many_endpoints_are_tried_as_may_be() -> None:
    async def main() -> None:
        dead = [await refused() for _ in range(5)]
        async with gateway({"a": dead}, limits=Limits(attempts=3)) as served:
            answer = await ask(served, get())
            assert (answer.status, answer.reason) == (503, "upstream-connect")
            assert served.records[0].attempts == 3
            assert len(served.state.outliers.standings) == 3

    run(main())


def test_a_reset_with_no_endpoint_left_is_answered_502() -> None:
    async def main() -> None:
        async with upstream(resetting()) as up, gateway({"a": [up.address]}) as served:
            answer = await ask(served, post(b"{}"), "POST")
            assert (answer.status, answer.reason, answer.pool) == (502, "upstream-reset", "a")
            assert len(up.received) == 1

    run(main())


def test_a_kept_connection_that_died_is_made_good_for_on_a_fresh_one_to_the_same_endpoint() -> None:
    async def main() -> None:
        async with upstream(resetting(1)) as up, gateway({"a": [up.address]}) as served:
            for number in range(4):
                answer = await ask(served, post(b"%d" % number), "POST")
                assert answer.status == 200
            assert [each.attempts for each in served.records] == [1, 1, 1, 1]
            assert served.state.outliers.standings == {}
            assert len(up.conversations) == 4

    run(main())


def test_a_kept_connection_is_made_good_for_only_once() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.request()
        if conversation.number == 0:
            await conversation.answer()
            await conversation.request()
        conversation.reset()

    async def main() -> None:
        async with upstream(script) as up, gateway({"a": [up.address]}) as served:
            assert (await ask(served, get())).status == 200
            assert (await ask(served, get())).reason == "upstream-reset"
            assert len(up.conversations) == 2

    run(main())


def test_a_reset_in_the_middle_of_the_head_is_not_retried() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.request()
        await conversation.send(b"HTTP/1.1 200 OK\r\ncontent-")
        conversation.reset()

    async def main() -> None:
        async with (
            upstream(script) as first,
            upstream(script) as second,
            gateway({"a": [first.address, second.address]}) as served,
        ):
            answer = await ask(served, get())
            assert (answer.status, answer.reason) == (502, "upstream-reset")
            assert len(first.received) + len(second.received) == 1

    run(main())


def test_a_streamed_body_that_was_sent_is_not_sent_again() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.head()
        await conversation.reader.readexactly(5)
        conversation.reset()

    async def main() -> None:
        async with (
            upstream(script) as first,
            upstream(script) as second,
            gateway({"a": [first.address, second.address]}) as served,
            client(served) as opened,
        ):
            raw = post(b"x" * 10, media="text/plain")
            await opened.send(raw[:-10])
            await until(lambda: first.conversations or second.conversations)
            await opened.send(raw[-10:-5])
            answer = await opened.read("POST")
            assert (answer.status, answer.reason) == (502, "upstream-reset")
            assert len(first.conversations) + len(second.conversations) == 1

    run(main())


def test_a_streamed_body_of_which_nothing_was_sent_goes_to_the_next_endpoint() -> None:
    async def main() -> None:
        async with (
            upstream(answering()) as up,
            gateway({"a": [await refused(), up.address]}) as served,
            client(served) as opened,
        ):
            served.cells.cells[served.slot(up.address)] = 50
            raw = post(b"x" * 10, media="text/plain")
            await opened.send(raw[:-10], raw[-10:-5])
            await until(lambda: up.conversations)
            await opened.send(raw[-5:])
            assert (await opened.read("POST")).status == 200
            served.cells.cells[served.slot(up.address)] -= 50
            assert up.received[0].body == b"x" * 10

    run(main())


def test_a_connect_that_takes_too_long_counts_as_refused() -> None:
    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address]}, limits=Limits(connect=0.05)) as served:
            gated(served)
            answer = await ask(served, get())
            assert answer.reason == "no-endpoints"
            assert list(served.state.outliers.standings) == [up.address]

    run(main())


def test_a_streamed_body_waits_for_its_connection_only_up_to_a_limit() -> None:
    async def main() -> None:
        limits = Limits(held=1000)
        async with (
            upstream(answering()) as up,
            gateway({"a": [up.address]}, limits=limits) as served,
            client(served) as opened,
        ):
            gate = gated(served)
            raw = post(b"x" * 10_000, media="text/plain")
            await opened.send(raw[:-5000])
            await until(lambda: served.in_flight)
            await opened.send(raw[-5000:-4000])
            (session,) = served.state.sessions
            await until(lambda: not session.transport.is_reading())  # type: ignore[attr-defined]  # a Downstream
            gate.set()
            await opened.send(raw[-4000:], raw)
            assert [(await opened.read("POST")).status for _ in range(2)] == [200, 200]
            assert [len(each.body) for each in up.received] == [10_000] * 2

    run(main())
