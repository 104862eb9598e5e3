"""What a route's filters do on the wire."""

import re

import pytest
from msgspec.structs import replace

from tests.support.upstream import Conversation, answering, upstream
from tests.support.worker import ask, client, gateway, get, post, run, serving, table
from turnout.routing import keyed
from turnout.table import Filters, HeaderChange, Match, PathMatch, PathModifier, Redirect, Rewrite, RoutingTable

SET = HeaderChange(set=(("X-Set", "rule"),), add=(("x-added", "rule"),), remove=("x-removed",))


def test_request_headers_are_changed_by_the_rule_and_then_by_the_backend() -> None:
    own = HeaderChange(set=(("x-set", "backend"),), add=(("X-Added", "backend"),))
    routes = serving(Filters(request_headers=(SET,)), own=Filters(request_headers=(own,)))

    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address]}, routing_table=routes) as served:
            await ask(served, get("/", "X-SET: client", "x-added: client", "X-Removed: client", "x-kept: client"))
            raw = up.received[0].raw.decode().lower()
            assert re.findall("x-set: (.*)\r", raw) == ["backend"]
            assert re.findall("x-added: (.*)\r", raw) == ["client", "rule", "backend"]
            assert re.findall("x-kept: (.*)\r", raw) == ["client"]
            assert "x-removed" not in raw

    run(main())


def test_response_headers_are_changed_by_the_rule_and_then_by_the_backend() -> None:
    own = HeaderChange(set=(("x-set", "backend"),), add=(("X-Added", "backend"),))
    routes = serving(Filters(response_headers=(SET,)), own=Filters(response_headers=(own,)))
    script = answering(b"ok", "x-set: server", "x-added: server", "x-removed: server")

    async def main() -> None:
        async with upstream(script) as up, gateway({"a": [up.address]}, routing_table=routes) as served:
            async with client(served) as opened:
                await opened.send(get())
                raw = (await opened.reader.readuntil(b"\r\n\r\n")).decode().lower()
            assert re.findall("x-set: (.*)\r", raw) == ["backend"]
            assert re.findall("x-added: (.*)\r", raw) == ["server", "rule", "backend"]
            assert "x-removed" not in raw
            assert "x-set" not in up.received[0].headers

    run(main())


def test_an_answer_of_the_gateway_itself_is_not_changed() -> None:
    async def main() -> None:
        routes = serving(Filters(response_headers=(SET,)))
        async with gateway({"a": []}, routing_table=routes) as served:
            answer = await ask(served, get())
            assert (answer.reason, "x-set" in answer.headers) == ("no-endpoints", False)

    run(main())


def test_framing_survives_whatever_a_filter_says() -> None:
    names = ("Content-Length", "Transfer-Encoding", "Connection")
    change = HeaderChange(set=tuple((name, "7") for name in names))
    routes = serving(Filters(request_headers=(change,), response_headers=(change,)))

    async def main() -> None:
        async with upstream(answering(b"answer")) as up, gateway({"a": [up.address]}, routing_table=routes) as served:
            async with client(served) as opened:
                for _ in range(2):
                    await opened.send(post(b'{"a":1}'))
                    answer = await opened.read("POST")
                    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"answer", "6")
            assert [each.body for each in up.received] == [b'{"a":1}'] * 2

    run(main())


def test_a_filter_sets_and_removes_the_session_that_the_split_goes_by() -> None:
    weights = {"a": 1, "b": 1}
    split = table(weights).routes["default/r"].rules[0].split

    def filtered(change: HeaderChange) -> RoutingTable:
        made = table(weights)
        route = made.routes["default/r"]
        rule = replace(route.rules[0], filters=Filters(request_headers=(change,)))
        return replace(made, routes={"default/r": replace(route, rules=(rule,))})

    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address], "b": [up.address]}) as served:
            for key in ("u1", "u2", "u3"):
                backend = keyed(split, key)
                assert backend is not None
                served.swap(filtered(HeaderChange(set=(("x-session-id", key),))))
                assert (await ask(served, get("/", "x-session-id: other"))).pool == backend.ref.name
            served.swap(filtered(HeaderChange(remove=("x-session-id",))))
            await ask(served, get("/", "x-session-id: u1"))
            assert [each.unit.partition(":")[0] for each in served.records] == ["key"] * 3 + ["stretch"]

    run(main())


@pytest.mark.parametrize(
    ("match", "path", "asked", "seen"),
    [
        (PathMatch("PathPrefix", "/foo"), PathModifier("prefix", "/xyz"), "/foo/bar?q=1&p=/foo", "/xyz/bar?q=1&p=/foo"),
        (PathMatch("PathPrefix", "/foo"), PathModifier("prefix", ""), "/foo", "/"),
        (PathMatch("PathPrefix", "/foo"), PathModifier("prefix", "/"), "/foo//bar", "/bar"),
        (PathMatch("PathPrefix", "/foo"), PathModifier("full", "/one"), "/foo/bar?q", "/one?q"),
        (PathMatch("Exact", "/foo"), PathModifier("full", "/one"), "/foo", "/one"),
        (PathMatch("RegularExpression", "/f.*"), PathModifier("full", "/one"), "/foo/x", "/one"),
    ],
)
@pytest.mark.parametrize("of_backend", [False, True])
def test_a_path_is_rewritten(match: PathMatch, path: PathModifier, asked: str, seen: str, *, of_backend: bool) -> None:
    filters = Filters(rewrite=Rewrite(path=path))
    routes = serving(own=filters, match=Match(match)) if of_backend else serving(filters, match=Match(match))

    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address]}, routing_table=routes) as served:
            assert (await ask(served, get(asked))).status == 200
            assert up.received[0].line == f"GET {seen} HTTP/1.1"
            assert up.received[0].headers["host"] == "x"

    run(main())


def test_a_host_is_rewritten_once_and_for_every_attempt() -> None:
    routes = serving(Filters(rewrite=Rewrite(hostname="inner.example", path=PathModifier("prefix", "/v1"))))

    async def reset(conversation: Conversation) -> None:
        await conversation.request()
        conversation.reset()

    async def main() -> None:
        async with (
            upstream(reset) as bad,
            upstream(answering()) as good,
            gateway({"a": [bad.address]}, routing_table=routes) as served,
        ):
            served.state.dice = lambda: 0.0
            served.endpoints({"a": [bad.address, good.address]})
            for _ in range(4):
                assert (await ask(served, post(b"{}", path="/x"), "POST")).status in {200, 502}
            lines = {each.line for up in (bad, good) for each in up.received}
            assert lines == {"POST /v1/x HTTP/1.1"}
            assert {each.headers["host"] for each in good.received} == {"inner.example"}
            assert all(each.raw.lower().count(b"host:") == 1 for each in good.received)

    run(main())


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_answered_and_the_connection_stays(code: int) -> None:
    redirect = Redirect(code, scheme="https", hostname="new.example", path=PathModifier("prefix", "/new"))
    routes = serving(Filters(redirect=redirect), match=Match(PathMatch("PathPrefix", "/old")))

    async def main() -> None:
        async with gateway({"a": []}, routing_table=routes) as served, client(served) as opened:
            for _ in range(2):
                await opened.send(post(b'{"model":"m"}', path="/old/x?q=1"))
                answer = await opened.read("POST")
                assert (answer.status, answer.body, answer.reason) == (code, b"", "")
                assert answer.headers["location"] == "https://new.example/new/x?q=1"
                assert not {"connection", "x-turnout-pool"} & set(answer.headers)
            assert [(each.code, each.reason, each.place.rule) for each in served.records] == [(code, "", "0")] * 2

    run(main())


def test_a_redirect_keeps_the_host_and_the_port_at_which_the_listener_is_served() -> None:
    routes = serving(Filters(redirect=Redirect(path=PathModifier("full", "/b"))))

    async def main() -> None:
        async with gateway({"a": []}, routing_table=routes) as served:
            answer = await ask(served, b"GET /a HTTP/1.1\r\nHost: Example.org:9999\r\n\r\n")
            assert (answer.status, answer.headers["location"]) == (302, "http://example.org/b")

    run(main())


def test_a_redirect_s_headers_are_changed_like_an_answer_s_but_for_its_framing() -> None:
    change = HeaderChange(set=(("x-set", "rule"), ("content-length", "5")), add=(("x-added", "rule"),))
    routes = serving(Filters(redirect=Redirect(path=PathModifier("full", "/b")), response_headers=(change,)))

    async def main() -> None:
        async with gateway({"a": []}, routing_table=routes) as served:
            answer = await ask(served, b"GET /a HTTP/1.1\r\nHost: old.example\r\n\r\n")
            assert (answer.headers["location"], answer.headers["content-length"]) == ("http://old.example/b", "0")
            assert (answer.headers["x-set"], answer.headers["x-added"]) == ("rule", "rule")

    run(main())


def test_a_redirect_does_not_wait_for_a_body_and_lets_none_be_taken_for_a_request() -> None:
    routes = serving(Filters(redirect=Redirect()))

    async def main() -> None:
        async with gateway({"a": []}, routing_table=routes) as served, client(served) as opened:
            await opened.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n")
            answer = await opened.read("POST")
            assert (answer.status, answer.headers["connection"]) == (302, "close")
            await opened.send(get("/hidden"))
            assert await opened.ended()
            assert len(served.records) == 1

    run(main())


def test_a_redirect_is_sent_without_asking_for_the_body() -> None:
    routes = serving(Filters(redirect=Redirect()))

    async def main() -> None:
        async with gateway({"a": []}, routing_table=routes) as served, client(served) as opened:
            await opened.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
            assert (await opened.reader.readline()).startswith(b"HTTP/1.1 302 ")

    run(main())
