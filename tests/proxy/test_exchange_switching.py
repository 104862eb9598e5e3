"""Offers to switch protocols that are not granted, and those that are never passed on."""

import pytest

from tests.support.switching import WEBSOCKET
from tests.support.upstream import Conversation, answering, upstream
from tests.support.worker import client, gateway, get, post, run, table


def test_a_server_that_does_not_switch_is_relayed_like_any_other() -> None:
    async def main() -> None:
        script = answering(b"no", "sec-websocket-version: 13", status="426 Upgrade Required")
        async with upstream(script) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            for _ in range(2):
                await opened.send(WEBSOCKET)
                answer = await opened.read()
                assert (answer.status, answer.body, answer.pool) == (426, b"no", "a")
                assert answer.headers["sec-websocket-version"] == "13"
            assert len(up.conversations) == 1
            assert [each.code for each in served.records] == [426, 426]

    run(main())


def test_what_follows_a_switch_that_is_not_granted_is_http() -> None:
    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            await opened.send(get("/0") + WEBSOCKET + post(b'{"a":1}', path="/1") + WEBSOCKET + get("/2"))
            answers = [await opened.read(method) for method in ("GET", "GET", "POST", "GET", "GET")]
            assert [each.status for each in answers] == [200] * 5
            assert [each.line.split()[1] for each in up.received] == ["/0", "/v1/realtime", "/1", "/v1/realtime", "/2"]
            assert up.received[2].body == b'{"a":1}'
            await opened.send(WEBSOCKET + b"\x81\x05hello")
            assert (await opened.read()).status == 200
            refused = await opened.read()
            assert (refused.status, refused.reason) == (400, "bad-request")
            assert await opened.ended()

    run(main())


def test_a_switch_that_no_route_takes_is_answered_404_and_the_connection_goes_on() -> None:
    async def main() -> None:
        async with gateway({"a": []}, routing_table=table({"a": 1}, path="/v2")) as served, client(served) as opened:
            for _ in range(2):
                await opened.send(WEBSOCKET)
                assert (await opened.read()).reason == "no-route"

    run(main())


@pytest.mark.parametrize(
    ("raw", "body"),
    [
        (post(b'{"a":1}', "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAM"), b'{"a":1}'),
        (post(b"text", "Connection: Upgrade", "Upgrade: websocket", media="text/plain"), b"text"),
        (
            get("/", "Connection: Upgrade", "Upgrade: h2c", "Transfer-Encoding: chunked", method="POST")
            + b"3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n",
            b"abcd",
        ),
        (get("/", "Connection: Upgrade", "Upgrade: h2c"), b""),
        (get("/", "Connection: Upgrade", "Upgrade: TLS/1.3"), b""),
        (get("/", "Connection: keep-alive", "Upgrade: websocket"), b""),
        (get("/", "Connection: Upgrade, keep-alive", "Upgrade: websocket", version="1.0"), b""),
    ],
)
def test_an_offer_that_is_not_passed_on_is_a_request_like_any_other(raw: bytes, body: bytes) -> None:
    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address]}) as served:
            for parts in ((raw + raw,), tuple(bytes([each]) for each in raw + raw)):
                async with client(served) as opened:
                    await opened.send(*parts)
                    for _ in range(2):
                        assert (await opened.read(raw[:4].decode().strip())).status == 200
            assert [each.body for each in up.received] == [body] * 4
            for each in up.received:
                assert not {"connection", "upgrade", "http2-settings"} & each.headers.keys()

    run(main())


def test_of_several_offers_only_those_above_http_pass() -> None:
    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            await opened.send(get("/", "Connection: Upgrade", "Upgrade: h2c", "Upgrade: websocket"))
            await opened.read()
            assert up.received[0].headers["upgrade"] == "websocket"

    run(main())


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: other\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    ],
)
def test_a_server_that_switches_to_what_was_not_offered_is_answered_502(answer: bytes) -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.request()
        await conversation.send(answer)
        await conversation.gone()

    async def main() -> None:
        async with upstream(script) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            await opened.send(WEBSOCKET)
            got = await opened.read()
            assert (got.status, got.reason) == (502, "upstream-reset")

    run(main())
