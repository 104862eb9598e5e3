"""Every error that the gateway answers itself, as a client sees it."""

import json
from collections.abc import Awaitable, Callable

import pytest

from tests.support.upstream import Conversation, answering, refused, upstream
from tests.support.worker import Answer, ask, client, gateway, get, post, run, serving, table, until
from turnout.proxy.limits import Limits
from turnout.table import Timeouts


async def silent(conversation: Conversation) -> None:
    await conversation.request()
    await conversation.gone()


async def cut(conversation: Conversation) -> None:
    await conversation.request()
    await conversation.send(b"HTTP/1.1 200")
    conversation.reset()


async def no_route() -> Answer:
    async with gateway({"a": []}, routing_table=table({"a": 1}, path="/v1")) as served:
        return await ask(served, get("/v2"))


async def bad_request() -> Answer:
    async with gateway({"a": []}) as served:
        return await ask(served, b"GET / HTTP/1.1\r\n\r\n")


async def body_too_large() -> Answer:
    async with gateway({"a": []}, limits=Limits(body=10)) as served:
        return await ask(served, post(b"x" * 11), "POST")


async def headers_too_large() -> Answer:
    async with gateway({"a": []}, limits=Limits(head=100)) as served:
        return await ask(served, get("/", "x-long: " + "x" * 200))


async def forbidden_path() -> Answer:
    async with gateway({"a": []}) as served:
        return await ask(served, post(b"{}", path="/v1/load_lora_adapter"), "POST")


async def invalid_backend() -> Answer:
    async with gateway({"a": []}, routing_table=table({"a": 1}, invalid=("a",))) as served:
        return await ask(served, get())


async def no_endpoints() -> Answer:
    async with gateway({"a": []}) as served:
        return await ask(served, get())


async def upstream_connect() -> Answer:
    addresses = [await refused() for _ in range(5)]
    async with gateway({"a": addresses}) as served:
        return await ask(served, get())


async def upstream_reset() -> Answer:
    async with upstream(cut) as up, gateway({"a": [up.address]}) as served:
        return await ask(served, get())


async def timeout() -> Answer:
    routes = serving(timeouts=Timeouts(request=0.05))
    async with upstream(silent) as up, gateway({"a": [up.address]}, routing_table=routes) as served:
        return await ask(served, get())


async def draining() -> Answer:
    async with upstream(silent) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
        await opened.send(get())
        await until(lambda: up.received)
        served.state.draining = True
        (session,) = served.state.sessions
        session.end()
        return await opened.read()


ERRORS: dict[str, tuple[int, Callable[[], Awaitable[Answer]]]] = {
    "no-route": (404, no_route),
    "bad-request": (400, bad_request),
    "body-too-large": (413, body_too_large),
    "headers-too-large": (431, headers_too_large),
    "forbidden-path": (403, forbidden_path),
    "invalid-backend": (500, invalid_backend),
    "no-endpoints": (503, no_endpoints),
    "upstream-connect": (503, upstream_connect),
    "upstream-reset": (502, upstream_reset),
    "timeout": (504, timeout),
    "draining": (503, draining),
}


@pytest.mark.parametrize("reason", ERRORS)
def test_an_error_is_openai_shaped_and_names_its_reason(reason: str) -> None:
    code, produce = ERRORS[reason]

    async def main() -> Answer:
        return await produce()

    answer = run(main())

    assert (answer.status, answer.reason) == (code, reason)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"]
    error = json.loads(answer.body)["error"]
    assert set(error) == {"message", "type", "code"}
    assert error["code"] == reason
    assert error["type"] == ("server_error" if code >= 500 else "invalid_request_error")
    assert error["message"]


@pytest.mark.parametrize(("method", "target"), [("TRACE", "/"), ("CONNECT", "/"), ("CONNECT", "x:80")])
def test_methods_that_ask_for_another_kind_of_server_are_answered_400(method: str, target: str) -> None:
    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address]}) as served:
            answer = await ask(served, f"{method} {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert (answer.status, answer.reason) == (400, "bad-request")
            assert method in json.loads(answer.body)["error"]["message"]
            assert up.received == []

    run(main())


@pytest.mark.parametrize("host", ["a b", "a/b", "a@b", "[::1", "a:b", "é", "x\tx"])
def test_a_host_that_is_none_is_answered_400(host: str) -> None:
    async def main() -> None:
        async with gateway({"a": []}) as served:
            answer = await ask(served, f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            assert (answer.status, answer.reason) == (400, "bad-request")

    run(main())


@pytest.mark.parametrize("host", ["a", "A.example:80", "[::1]:80", "a_b", "127.0.0.1", ""])
def test_a_host_that_is_one_is_routed(host: str) -> None:
    async def main() -> None:
        async with gateway({"a": []}) as served:
            assert (await ask(served, f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())).reason == "no-endpoints"

    run(main())
