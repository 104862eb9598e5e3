"""A request's way to its backend, and what server and client see of it."""

import json
import re
from collections import Counter

import pytest

from tests.support.upstream import answering, upstream
from tests.support.worker import ask, client, gateway, get, post, run, table
from turnout.endpoints import Endpoint
from turnout.routing import keyed


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


@pytest.mark.parametrize("given", ["", "x" * 129, "a b", "a;rm", "é", "a\tb", "<script>"])
def test_an_id_that_is_not_one_to_keep_is_replaced_everywhere(given: str) -> None:
    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address]}) as served:
            answer = await ask(served, get("/", f"X-Request-Id: {given}"))
            assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])
            assert up.received[0].headers["x-request-id"] == answer.headers["x-request-id"]
            assert up.received[0].raw.lower().count(b"x-request-id") == 1

    run(main())


def test_two_ids_are_none() -> None:
    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address]}) as served:
            answer = await ask(served, get("/", "X-Request-Id: a;rm", "x-request-id: b"))
            assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])
            assert up.received[0].raw.lower().count(b"x-request-id") == 1

    run(main())


@pytest.mark.parametrize("given", ["a", "x" * 128, "0af7651916cd43dd8448eb211c80319c", "req_1-2.3~4:5/6+7=8@9"])
def test_an_id_that_is_one_to_keep_is_kept(given: str) -> None:
    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address]}) as served:
            answer = await ask(served, get("/", f"X-Request-Id: {given}"))
            assert answer.headers["x-request-id"] == up.received[0].headers["x-request-id"] == given

    run(main())


def test_who_forwarded_a_request_is_said_as_the_client_says_it() -> None:
    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address]}) as served:
            await ask(served, get("/", "X-Forwarded-For: 10.0.0.1", "Forwarded: for=10.0.0.1"))
            await ask(served, get())
            assert up.received[0].headers["x-forwarded-for"] == "10.0.0.1"
            assert up.received[0].headers["forwarded"] == "for=10.0.0.1"
            assert "x-forwarded-for" not in up.received[1].headers

    run(main())


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "QUERY"])
def test_any_method_is_relayed(method: str) -> None:
    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address]}) as served:
            assert (await ask(served, get("/x", method=method))).status == 200
            assert up.received[0].line == f"{method} /x HTTP/1.1"

    run(main())
