"""Which requests are sent a second time, how many, and what failing costs an endpoint."""

from collections import Counter

from msgspec.structs import replace

from tests.support.upstream import Conversation, Script, answering, refused, upstream
from tests.support.watching import Told, watched
from tests.support.worker import Answer, Gateway, ask, client, gateway, get, post, run, table, until
from turnout.table import OutlierDetection, RetryBudget, RoutingTable

STARTING = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 8\r\n\r\nstarting"
BROKEN = b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n"


def saying(*answers: bytes) -> Script:
    """Gives these answers in turn on every connection, the last one for ever."""

    async def script(conversation: Conversation) -> None:
        while True:
            await conversation.request()
            place = min(len(conversation.server.received), len(answers)) - 1
            await conversation.send(answers[place])

    return script


async def resetting(conversation: Conversation) -> None:
    await conversation.request()
    conversation.reset()


async def preferring(served: Gateway, address: str, raw: bytes, method: str = "POST") -> Answer:
    """The answer to a request that goes to `address` first."""
    others = [slot for each, slot in served._slots.items() if each != address]
    for slot in others:
        served.cells.cells[slot] += 50
    answer = await ask(served, raw, method)
    for slot in others:
        served.cells.cells[slot] -= 50
    return answer


def test_a_503_of_a_server_that_has_served_nothing_yet_is_asked_of_another_one() -> None:
    async def main() -> None:
        async with (
            upstream(saying(STARTING)) as starting,
            upstream(answering()) as up,
            gateway({"a": [starting.address, up.address]}) as served,
        ):
            answer = await preferring(served, starting.address, post(b'{"x":1}'))
            assert (answer.status, answer.headers["x-turnout-endpoint"]) == (200, up.address)
            assert [each.body for each in (*starting.received, *up.received)] == [b'{"x":1}'] * 2
            assert [(each.code, each.attempts) for each in served.records] == [(200, 2)]

    run(main())


def test_a_503_of_a_server_that_has_served_goes_to_the_client() -> None:
    async def main() -> None:
        fine = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
        async with (
            upstream(saying(fine, STARTING)) as full,
            upstream(answering()) as up,
            gateway({"a": [full.address, up.address]}) as served,
        ):
            assert (await preferring(served, full.address, post(b"{}"))).status == 200
            answer = await preferring(served, full.address, post(b"{}"))
            assert (answer.status, answer.body, answer.reason) == (503, b"starting", "")
            assert up.received == []

    run(main())


def test_a_503_of_a_server_that_the_scraper_does_not_find_ready_is_asked_of_another_one() -> None:
    async def main() -> None:
        fine = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"

        async def script(conversation: Conversation) -> None:
            await conversation.request()
            await conversation.send(fine)
            await conversation.request()
            pool = served.state.endpoints["default/a"]
            late = {"default/a": tuple(replace(each, ready=each.address == up.address) for each in pool)}
            served.state.endpoints = late
            await conversation.send(STARTING)
            await conversation.gone()

        async with (
            upstream(script) as leaving,
            upstream(answering()) as up,
            gateway({"a": [leaving.address, up.address]}) as served,
        ):
            assert (await preferring(served, leaving.address, get(), "GET")).status == 200
            assert (await preferring(served, leaving.address, get(), "GET")).headers["x-turnout-endpoint"] == up.address

    run(main())


def test_where_every_server_is_starting_the_last_ones_503_is_the_answer_and_none_is_asked_twice() -> None:
    async def main() -> None:
        async with (
            upstream(saying(STARTING)) as first,
            upstream(saying(STARTING)) as second,
            gateway({"a": [first.address, second.address]}) as served,
        ):
            answer = await ask(served, post(b"{}"), "POST")
            assert (answer.status, answer.body, answer.reason) == (503, b"starting", "")
            assert [len(first.received), len(second.received)] == [1, 1]

    run(main())


def test_a_503_to_a_streamed_body_that_is_gone_goes_to_the_client() -> None:
    async def early(conversation: Conversation) -> None:
        await conversation.head()
        await conversation.reader.readexactly(5)
        await conversation.send(STARTING)
        await conversation.gone()

    async def main() -> None:
        async with (
            upstream(early) as first,
            upstream(early) as second,
            gateway({"a": [first.address, second.address]}) as served,
            client(served) as opened,
        ):
            raw = post(b"x" * 10, media="text/plain")
            await opened.send(raw[:-10])
            await until(lambda: first.conversations or second.conversations)
            await opened.send(raw[-10:-5])
            assert (await opened.read("POST")).status == 503
            assert len(first.conversations) + len(second.conversations) == 1

    run(main())


def test_a_503_that_is_made_good_for_is_one_request_of_its_arm_with_a_failed_attempt() -> None:
    async def main() -> None:
        async with (
            upstream(saying(STARTING)) as starting,
            upstream(answering()) as up,
            gateway({"candidate": [starting.address, up.address]}, routing_table=watched({"candidate": 1})) as served,
        ):
            told = Told(served.state.observer)
            answer = await preferring(served, starting.address, post(b'{"messages":[]}', path="/v1/chat/completions"))
            assert answer.status == 200
            assert told.judged()["errors"] == (1, 0)
            assert [(each.arm, each.requests, each.failed_attempts) for each in told.loads] == [("candidate", 1, 1)]

    run(main())


def test_no_endpoint_gets_a_request_twice() -> None:
    async def main() -> None:
        async with (
            upstream(resetting) as first,
            upstream(resetting) as second,
            upstream(resetting) as third,
            gateway({"a": [each.address for each in (first, second, third)]}) as served,
        ):
            assert (await ask(served, post(b"{}"), "POST")).reason == "upstream-reset"
            assert [len(each.received) for each in (first, second, third)] == [1, 1, 1]

    run(main())


def test_requests_that_servers_may_have_begun_are_retried_as_far_as_the_budget_goes() -> None:
    async def main() -> None:
        async with (
            upstream(resetting) as bad,
            upstream(answering()) as good,
            gateway({"a": [bad.address, good.address]}) as served,
        ):
            served.state.clock = lambda: 1000.0
            answers = []
            for _ in range(15):
                served.state.outliers.standings.clear()
                answers.append(await preferring(served, bad.address, post(b"{}")))
            assert [each.status for each in answers] == [200] * 10 + [502] * 5
            assert b"too many requests are retried" in answers[-1].body
            assert len(good.received) == 10

    run(main())


def test_connections_that_are_refused_cost_no_server_work_and_are_outside_of_the_budget() -> None:
    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [dead := await refused(), up.address]}) as served:
            for _ in range(30):
                served.state.outliers.standings.clear()
                served.state.outliers.version += 1
                assert (await preferring(served, dead, get(), "GET")).status == 200
            assert {each.attempts for each in served.records} == {2}

    run(main())


def test_a_kept_connection_that_ends_long_after_its_request_is_a_reset_like_any_other() -> None:
    now = [1000.0]

    async def script(conversation: Conversation) -> None:
        await conversation.request()
        await conversation.answer()
        await conversation.request()
        now[0] += 1.5
        conversation.reset()

    async def main() -> None:
        async with (
            upstream(script) as bad,
            upstream(answering()) as good,
            gateway({"a": [bad.address, good.address]}) as served,
        ):
            served.state.clock = lambda: now[0]
            assert (await preferring(served, bad.address, post(b"{}"))).status == 200
            answer = await preferring(served, bad.address, post(b"{}"))
            assert answer.headers["x-turnout-endpoint"] == good.address
            assert len(bad.received) == 2

    run(main())


def test_an_endpoint_that_keeps_answering_5xx_gets_nothing_for_a_while() -> None:
    now = [1000.0]

    async def main() -> None:
        async with (
            upstream(saying(BROKEN)) as bad,
            upstream(answering()) as good,
            gateway({"a": [bad.address, good.address]}) as served,
        ):
            served.state.clock = lambda: now[0]
            seen = [(await preferring(served, bad.address, post(b"{}"))).status for _ in range(8)]
            assert seen == [500] * 5 + [200] * 3
            now[0] += 5.0
            seen = [(await preferring(served, bad.address, post(b"{}"))).status for _ in range(3)]
            assert seen == [500, 200, 200]
            now[0] += 9.9
            assert (await preferring(served, bad.address, post(b"{}"))).status == 200

    run(main())


def with_policy(outlier: OutlierDetection | None = None, retry_budget: RetryBudget | None = None) -> RoutingTable:
    """Pool `a`, of which a policy says this."""
    made = table({"a": 1})
    return replace(
        made, pools={"default/a": replace(made.pools["default/a"], outlier=outlier, retry_budget=retry_budget)}
    )


def test_a_policy_says_how_many_failures_eject_and_for_how_long() -> None:
    now = [1000.0]

    async def main() -> None:
        async with (
            upstream(saying(BROKEN)) as bad,
            upstream(answering()) as good,
            gateway(
                {"a": [bad.address, good.address]}, routing_table=with_policy(OutlierDetection(2, 60.0, 50))
            ) as served,
        ):
            served.state.clock = lambda: now[0]
            seen = [(await preferring(served, bad.address, post(b"{}"))).status for _ in range(4)]
            assert seen == [500, 500, 200, 200]
            now[0] += 59.0
            assert (await preferring(served, bad.address, post(b"{}"))).status == 200
            now[0] += 1.0
            assert (await preferring(served, bad.address, post(b"{}"))).status == 500

    run(main())


def test_a_policy_may_have_nobody_ejected_and_one_that_changes_counts_at_once() -> None:
    async def main() -> None:
        async with (
            upstream(saying(BROKEN)) as bad,
            upstream(answering()) as good,
            gateway(
                {"a": [bad.address, good.address]}, routing_table=with_policy(OutlierDetection(1, 60.0, 0))
            ) as served,
        ):
            seen = [(await preferring(served, bad.address, post(b"{}"))).status for _ in range(7)]
            assert seen == [500] * 7

            served.swap(with_policy(OutlierDetection(1, 60.0, 50)))

            assert (await preferring(served, bad.address, post(b"{}"))).status == 200

    run(main())


def test_a_policy_says_how_much_may_be_retried() -> None:
    async def main() -> None:
        few = with_policy(retry_budget=RetryBudget(0, 10.0, 2, 10.0))
        async with (
            upstream(resetting) as bad,
            upstream(answering()) as good,
            gateway({"a": [bad.address, good.address]}, routing_table=few) as served,
        ):
            served.state.clock = lambda: 1000.0
            answers = []
            for _ in range(4):
                served.state.outliers.standings.clear()
                answers.append((await preferring(served, bad.address, post(b"{}"))).status)
            assert answers == [200, 200, 502, 502]

            served.swap(table({"a": 1}))  # the policy is gone

            served.state.outliers.standings.clear()
            assert (await preferring(served, bad.address, post(b"{}"))).status == 200

    run(main())


def test_an_endpoint_alone_gets_everything_however_often_it_fails() -> None:
    async def main() -> None:
        async with upstream(saying(BROKEN)) as bad, gateway({"a": [bad.address]}) as served:
            assert Counter([(await ask(served, get())).status for _ in range(20)]) == {500: 20}

    run(main())


def test_streams_that_break_off_count_as_failures() -> None:
    async def cut(conversation: Conversation) -> None:
        await conversation.request()
        await conversation.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n")
        conversation.reset()

    async def main() -> None:
        async with (
            upstream(cut) as bad,
            upstream(answering()) as good,
            gateway({"a": [bad.address, good.address]}) as served,
        ):
            seen = [await preferring(served, bad.address, get(), "GET") for _ in range(7)]
            assert [each.whole for each in seen] == [False] * 5 + [True] * 2

    run(main())
