"""One request's life: split, errors, retries, and what is said of it."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import cast

import pytest

from tests.support.upstream import Conversation, Script, answering, refused, upstream
from tests.support.worker import Gateway, ask, client, gateway, get, post, run, table, until
from turnout.endpoints import Endpoint
from turnout.proxy.connections import Connections
from turnout.proxy.limits import Limits
from turnout.routing import keyed


def resetting(requests: int = 0) -> Script:
    """Answers `requests` on each connection, then ends it when the next one is read."""

    async def script(conversation: Conversation) -> None:
        for _ in range(requests):
            await conversation.request()
            await conversation.answer()
        await conversation.request()
        conversation.reset()

    return script


async def silent(conversation: Conversation) -> None:
    """Reads a request and never answers."""
    await conversation.request()
    await conversation.gone()


# -- errors


def test_a_request_that_no_rule_matches_is_answered_404() -> None:
    async def main() -> None:
        async with gateway({"a": []}, routing_table=table({"a": 1}, path="/v1")) as served:
            answer = await ask(served, get("/v2"))
            assert (answer.status, answer.reason, answer.pool) == (404, "no-route", "")
            assert json.loads(answer.body)["error"]["code"] == "no-route"

    run(main())


def test_a_rule_without_backends_is_answered_500() -> None:
    async def main() -> None:
        async with gateway({}) as served:
            answer = await ask(served, get())
            assert (answer.status, answer.reason) == (500, "invalid-backend")

    run(main())


def test_a_backend_that_cannot_be_resolved_costs_exactly_its_share() -> None:
    async def main() -> None:
        routes = table({"a": 3, "b": 1}, invalid=("b",))
        async with upstream(answering()) as up, gateway({"a": [up.address]}, routing_table=routes) as served:
            answers = [await ask(served, get()) for _ in range(40)]
            assert Counter(each.status for each in answers) == {200: 30, 500: 10}
            assert {each.reason for each in answers} == {"", "invalid-backend"}

    run(main())


def test_a_pool_without_endpoints_is_answered_503_and_costs_exactly_its_share() -> None:
    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address], "b": []}, {"a": 9, "b": 1}) as served:
            answers = [await ask(served, get()) for _ in range(100)]
            assert Counter((each.status, each.pool, each.reason) for each in answers) == {
                (200, "a", ""): 90,
                (503, "b", "no-endpoints"): 10,
            }

    run(main())


def test_a_pool_that_nobody_has_told_of_is_answered_503() -> None:
    async def main() -> None:
        async with gateway({}, {"a": 1}) as served:
            answer = await ask(served, get())
            assert (answer.status, answer.reason, answer.pool) == (503, "no-endpoints", "a")

    run(main())


def test_endpoints_that_are_not_ready_are_not_picked() -> None:
    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address]}) as served:
            served.state.endpoints = {"default/a": (Endpoint("a", up.address, 0, ready=False, checked=0.0),)}
            assert (await ask(served, get())).reason == "no-endpoints"
            assert up.received == []

    run(main())


def test_an_error_keeps_the_connection_when_the_request_was_read() -> None:
    async def main() -> None:
        async with gateway({"a": []}) as served, client(served) as opened:
            for _ in range(3):
                await opened.send(post(b"{}"))
                answer = await opened.read("POST")
                assert answer.status == 503
                assert "connection" not in answer.headers

    run(main())


# -- split


def test_keyless_requests_are_split_exactly() -> None:
    async def main() -> None:
        async with (
            upstream(answering()) as up,
            gateway({"a": [up.address], "b": [up.address]}, {"a": 9, "b": 1}) as served,
            client(served) as opened,
        ):
            pools = []
            for _ in range(1000):
                await opened.send(get())
                pools.append((await opened.read()).pool)
            assert Counter(pools) == {"a": 900, "b": 100}

    run(main())


def test_a_session_keeps_its_pool_and_the_key_in_the_body_means_the_same() -> None:
    async def main() -> None:
        routes = table({"a": 1, "b": 1})
        split = routes.routes["default/r"].rules[0].split
        async with (
            upstream(answering()) as up,
            gateway({"a": [up.address], "b": [up.address]}, routing_table=routes) as served,
        ):
            for key in ("u1", "u2", "u3", "u4", "schlüssel", "💡"):
                backend = keyed(split, key)
                assert backend is not None
                by_header = await ask(served, get().replace(b"\r\n\r\n", f"\r\nX-Session-Id: {key}\r\n\r\n".encode()))
                by_body = await ask(served, post(json.dumps({"prompt_cache_key": key}).encode()), "POST")
                assert {by_header.pool, by_body.pool} == {backend.ref.name}
            units = [each.unit for each in served.records]
            assert units[::2] == units[1::2]
            assert len(set(units)) == 6
            assert all(re.fullmatch("key:[0-9a-f]{16}", unit) for unit in units)

    run(main())


def test_the_session_header_wins_over_the_body() -> None:
    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address]}) as served:
            await ask(served, post(b'{"prompt_cache_key":"body"}', "x-session-id: header"), "POST")
            await ask(served, post(b'{"prompt_cache_key":"other"}', "x-session-id: header"), "POST")
            assert served.records[0].unit == served.records[1].unit

    run(main())


def test_a_json_body_that_is_none_is_relayed_without_a_key() -> None:
    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address]}) as served:
            assert (await ask(served, post(b'{"prompt_cache_key":'), "POST")).status == 200
            assert up.received[0].body == b'{"prompt_cache_key":'
            assert served.records[0].unit == "stretch:0"

    run(main())


def test_a_key_in_a_body_that_is_not_json_is_not_read() -> None:
    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address]}) as served:
            await ask(served, post(b'{"prompt_cache_key":"k"}', media="text/plain"), "POST")
            assert served.records[0].unit == "stretch:0"

    run(main())


def test_the_place_of_keyless_requests_survives_a_table_that_leaves_the_weights_alone() -> None:
    async def main() -> None:
        async with (
            upstream(answering()) as up,
            gateway({"a": [up.address], "b": [up.address]}, {"a": 9, "b": 1}) as served,
            client(served) as opened,
        ):
            pools = []
            for _ in range(100):
                served.swap(table({"a": 9, "b": 1}))
                await opened.send(get())
                pools.append((await opened.read()).pool)
            assert Counter(pools) == {"a": 90, "b": 10}

    run(main())


# -- what the server and the client see


def test_headers_of_the_hop_and_ours_do_not_pass_to_the_server() -> None:
    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address]}) as served:
            await ask(
                served,
                get(
                    "/p?q=1",
                    "Connection: keep-alive, X-Hop",
                    "X-Hop: 1",
                    "Keep-Alive: timeout=5",
                    "TE: trailers",
                    "X-Turnout-Pool: forged",
                    "X-GATEWAY-Destination-Endpoint: 10.0.0.1:80",
                    "x-gateway-destination-endpoint-served: 10.0.0.1:80",
                    "traceparent: 00-1-2-01",
                    "x-gateway-inference-objective: high",
                    "Upgrade: h2c",
                    "X-Request-Id: mine",
                ),
            )
            (request,) = up.received
            assert request.line == "GET /p?q=1 HTTP/1.1"
            assert request.headers == {
                "host": "x",
                "traceparent": "00-1-2-01",
                "x-gateway-inference-objective": "high",
                "x-request-id": "mine",
            }

    run(main())


def test_headers_of_the_hop_and_ours_do_not_pass_to_the_client() -> None:
    script = answering(
        b"ok",
        "Connection: X-Hop",
        "X-Hop: 1",
        "Keep-Alive: timeout=5",
        "X-Turnout-Pool: forged",
        "X-Turnout-Other: forged",
        "X-Request-Id: theirs",
        "Set-Cookie: a=1",
        "X-Kept: yes",
    )

    async def main() -> None:
        async with upstream(script) as up, gateway({"a": [up.address]}) as served:
            answer = await ask(served, get("/", "x-request-id: mine"))
            assert answer.headers == {
                "set-cookie": "a=1",
                "x-kept": "yes",
                "content-length": "2",
                "x-turnout-pool": "a",
                "x-turnout-endpoint": up.address,
                "x-request-id": "mine",
            }

    run(main())


def test_a_header_that_comes_twice_passes_twice() -> None:
    async def main() -> None:
        async with (
            upstream(answering(b"", "Set-Cookie: a=1", "set-cookie: b=2")) as up,
            gateway({"a": [up.address]}) as served,
            client(served) as opened,
        ):
            await opened.send(get("/", "X-A: 1", "X-A: 2"))
            raw = await opened.reader.readuntil(b"\r\n\r\n")
            assert re.findall(b"(?i)set-cookie: (...)", raw) == [b"a=1", b"b=2"]
            assert re.findall(b"(?i)x-a: (.)", up.received[0].raw) == [b"1", b"2"]

    run(main())


def test_a_request_without_an_id_gets_the_one_that_the_client_is_told() -> None:
    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address]}) as served:
            answer = await ask(served, get())
            assert up.received[0].headers["x-request-id"] == answer.headers["x-request-id"]
            assert len(answer.headers["x-request-id"]) == 32

    run(main())


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "QUERY"])
def test_any_method_is_relayed(method: str) -> None:
    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address]}) as served:
            assert (await ask(served, get("/x", method=method))).status == 200
            assert up.received[0].line == f"{method} /x HTTP/1.1"

    run(main())


# -- retries


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
                assert list(served.state.failed_at) == [dead]

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
            assert served.state.failed_at == {}

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
            served.state.failed_at[up.address] = served.state.clock()
            assert (await ask(served, get())).reason == "no-endpoints"
            since = served.state.clock() + 0.001
            served.state.endpoints = {"default/a": (Endpoint("a", up.address, 0, ready=True, checked=since),)}
            assert (await ask(served, get())).status == 200
            assert served.state.failed_at == {}

    run(main())


def test_as_many_endpoints_are_tried_as_may_be() -> None:
    async def main() -> None:
        dead = [await refused() for _ in range(5)]
        async with gateway({"a": dead}, limits=Limits(attempts=3)) as served:
            answer = await ask(served, get())
            assert (answer.status, answer.reason) == (503, "upstream-connect")
            assert served.records[0].attempts == 3
            assert len(served.state.failed_at) == 3

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
            assert served.state.failed_at == {}
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


class Loop:
    """A loop whose connections are made as a test wants them."""

    def __init__(self, gate: asyncio.Event) -> None:
        self._gate = gate

    def create_task(self, work: Coroutine[None, None, None]) -> "asyncio.Task[None]":
        return asyncio.get_running_loop().create_task(work)

    async def create_connection(self, factory: Callable[[], asyncio.Protocol], host: str, port: int) -> object:
        await self._gate.wait()
        return await asyncio.get_running_loop().create_connection(factory, host, port)


def gated(served: Gateway) -> asyncio.Event:
    """No connection is made before the event is set."""
    gate = asyncio.Event()
    loop = cast("asyncio.AbstractEventLoop", Loop(gate))
    served.state.connections = Connections(loop, served.state.limits)
    return gate


def test_a_connect_that_takes_too_long_counts_as_refused() -> None:
    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address]}, limits=Limits(connect=0.05)) as served:
            gated(served)
            answer = await ask(served, get())
            assert answer.reason == "no-endpoints"
            assert list(served.state.failed_at) == [up.address]

    run(main())


# -- ends


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
            assert (record.route, record.rule, record.pool, record.endpoint) == (
                "default/r",
                "0",
                "default/a",
                up.address,
            )
            assert (record.table_version, record.weight, record.weight_total) == (1, 99, 100)
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
            assert sorted((each.pool, each.table_version) for each in served.records) == [
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
