"""Messages whose head their connection has seen before."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.upstream import Conversation, answering, upstream
from tests.support.worker import client, gateway, get, post, run, serving
from turnout.proxy.familiar import FamiliarAnswer, FamiliarRequest
from turnout.proxy.heads import CRLF
from turnout.proxy.request import Request
from turnout.table import Filters, HeaderChange

HEAD = b"POST /v1 HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nA: b\r\n\r\n"


def whole(body: bytes) -> bytes:
    return HEAD % len(body) + body


def learnt(data: bytes, length: int, **fields: object) -> FamiliarRequest | None:
    """What is remembered of a request that the parser has read in `data`."""
    made = Request(b"POST", b"/v1", [b"Host", b": ", b"x", CRLF], closes=False, http10=False)
    made.read_head({1: b"x"})
    made.length, made.complete = length, True
    for name, value in fields.items():
        setattr(made, name, value)
    return FamiliarRequest.of(data, made)


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_a_request_with_the_head_of_the_last_one_has_its_own_body(first: bytes, second: bytes) -> None:
    known = learnt(whole(first), len(first))
    assert known is not None
    made = known.request(whole(second))
    assert made is not None
    assert (made.whole_body() or b"".join(made.body), made.size, made.length) == (second, len(second), len(second))
    assert (made.method, made.url, made.host, made.complete) == (b"POST", b"/v1", "x", True)


@pytest.mark.parametrize("size", [0, 9, 10, 99, 100, 999, 1000])
def test_a_length_that_is_short_or_long_by_one_is_left_to_the_parser(size: int) -> None:
    for first in (0, 5, 50, 500):
        known = learnt(whole(b"x" * first), first)
        assert known is not None
        assert known.request(HEAD % size + b"x" * size) is not None
        for other in (size - 1, size + 1):
            assert known.request(HEAD % size + b"x" * max(other, 0)) is None or other < 0


def test_every_request_has_an_id_of_its_own() -> None:
    known = learnt(whole(b"ab"), 2)
    assert known is not None
    made = [known.request(whole(b"cd")) for _ in range(3)]
    assert len({each.id for each in made if each is not None}) == 3
    assert all(each is not None and each.lines[-2] == each.id for each in made)


@given(st.binary(max_size=60), st.data())
def test_what_is_not_such_a_head_and_all_of_its_body_is_left_to_the_parser(body: bytes, data: st.DataObject) -> None:
    known = learnt(whole(b"ab"), 2)
    assert known is not None
    right = whole(body)
    wrong = data.draw(
        st.one_of(
            st.integers(0, len(right) - 1).map(lambda at: right[:at]),
            st.binary(min_size=1, max_size=9).map(lambda more: right + more),
            st.integers(0, len(right) - len(body) - 1).map(lambda at: right[:at] + b"\0" + right[at + 1 :]),
            st.just(right.replace(b": %d\r\n" % len(body), b": +%d\r\n" % len(body))),
            st.just(right.replace(b": %d\r\n" % len(body), b": %d \r\n" % len(body))),
        )
    )
    assert known.request(wrong) is None


@pytest.mark.parametrize(
    "head",
    [
        b"POST /v1 HTTP/1.1\r\nA: b\r\n\r\n",
        b"POST /v1 HTTP/1.1\r\nContent-Length:2\r\n\r\n",
        b"POST /v1 HTTP/1.1\r\nContent-Length: 3\r\n\r\n",
        b"POST /v1 HTTP/1.1\r\nContent-Length: 2\r\nCONTENT-LENGTH: 2\r\n\r\n",
        b"POST /v1 HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST /v1 HTTP/1.1\r\nA: %b\r\nContent-Length: 2\r\n\r\n" % (b"a" * 5000),
        b"\r\n\r\n",
    ],
)
def test_a_head_out_of_the_ordinary_is_not_remembered(head: bytes) -> None:
    assert learnt(head + b"ab", 2) is None
    assert FamiliarAnswer.of(head + b"ab", 200, [], b"", 2) is None


@pytest.mark.parametrize("odd", [{"closes": True}, {"http10": True}, {"expects": True}, {"chunked": True}])
def test_a_request_out_of_the_ordinary_is_not_remembered(odd: dict[str, object]) -> None:
    assert learnt(whole(b"ab"), 2, **odd) is None


def test_a_body_that_looks_like_a_head_is_none() -> None:
    assert learnt(whole(b"") + whole(b"ab"), len(whole(b"ab"))) is None


def test_requests_of_one_connection_reach_the_server_as_they_are() -> None:
    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            bodies = [b'{"model":"m","messages":"%d"}' % 10**power for power in range(12)]
            for body in bodies:
                await opened.send(post(body, "X-A: b", path="/v1/chat/completions"))
                assert (await opened.read()).body == b"ok"
            assert [each.body for each in up.received] == bodies
            assert {each.line for each in up.received} == {"POST /v1/chat/completions HTTP/1.1"}
            assert {each.headers["x-a"] for each in up.received} == {"b"}
            assert len({each.headers["x-request-id"] for each in up.received}) == len(bodies)
            assert {record.model for record in served.records} == {"m"}

    run(main())


def test_a_clients_own_request_id_is_kept_every_time() -> None:
    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            for _ in range(3):
                await opened.send(post(b"{}", "x-request-id: mine"))
                assert (await opened.read()).headers["x-request-id"] == "mine"
            assert {each.headers["x-request-id"] for each in up.received} == {"mine"}

    run(main())


def test_a_rules_filters_are_applied_every_time() -> None:
    change = HeaderChange(set=(("x-a", "ours"),))
    routes = serving(Filters(request_headers=(change,), response_headers=(change,)))

    async def main() -> None:
        async with (
            upstream(answering(b"ok", "x-a: theirs")) as up,
            gateway({"a": [up.address]}, routing_table=routes) as served,
            client(served) as opened,
        ):
            for _ in range(3):
                await opened.send(post(b"{}", "X-A: theirs"))
                assert (await opened.read()).headers["x-a"] == "ours"
            assert {each.headers["x-a"] for each in up.received} == {"ours"}

    run(main())


def test_answers_of_one_connection_reach_the_client_as_they_are() -> None:
    async def script(conversation: Conversation) -> None:
        for number in range(12):
            await conversation.request()
            await conversation.answer(b"x" * number**3, "Content-Type: text/plain", f"x-n: {number // 4}")

    async def main() -> None:
        async with upstream(script) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            for number in range(12):
                await opened.send(get())
                answer = await opened.read()
                assert (answer.status, answer.body) == (200, b"x" * number**3)
                assert (answer.headers["x-n"], answer.headers["content-type"]) == (str(number // 4), "text/plain")
            assert len(up.conversations) == 1

    run(main())


def test_an_answer_with_more_behind_it_is_the_connections_last() -> None:
    async def script(conversation: Conversation) -> None:
        for more in (b"", b"", b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil", b""):
            await conversation.request()
            await conversation.send(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok" + more)

    async def main() -> None:
        async with upstream(script) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            for _ in range(4):
                await opened.send(get())
                assert (await opened.read()).body == b"ok"
            assert len(up.conversations) == 2

    run(main())


def test_the_answer_to_head_is_not_taken_for_one_with_a_body() -> None:
    async def script(conversation: Conversation) -> None:
        while True:
            asked = await conversation.request()
            await conversation.send(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n")
            if not asked.line.startswith("HEAD"):
                await conversation.send(b"ok")

    async def main() -> None:
        async with upstream(script) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            for method in ("GET", "GET", "HEAD", "GET", "HEAD"):
                await opened.send(get(method=method))
                answer = await opened.read(method)
                assert answer.body == (b"" if method == "HEAD" else b"ok")

    run(main())


def test_a_head_that_is_known_is_not_read_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    learnt_of: list[type] = []
    for kind in (FamiliarRequest, FamiliarAnswer):
        plain = kind.of

        def noted(*arguments: Any, kind: type = kind, plain: Any = plain) -> object:
            learnt_of.append(kind)
            return plain(*arguments)

        monkeypatch.setattr(kind, "of", noted)

    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            for number in range(5):
                await opened.send(post(b"x" * number, "X-A: b"))
                assert (await opened.read()).body == b"ok"

    run(main())

    # A body of nothing is one like any other; what came second was known.
    assert learnt_of == [FamiliarRequest, FamiliarAnswer]
