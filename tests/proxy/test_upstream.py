"""A server's connection: how answers end, and when it is kept."""

import asyncio

import pytest

from tests.support.upstream import Conversation, Script, answering, upstream
from tests.support.worker import ask, client, gateway, get, post, run, until


def saying(*parts: bytes, then_close: bool = False) -> Script:
    """Answers every request of a connection with these bytes."""

    async def script(conversation: Conversation) -> None:
        while True:
            await conversation.request()
            await conversation.send(*parts)
            if then_close:
                return

    return script


def test_a_connection_is_used_again() -> None:
    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address]}) as served:
            for _ in range(10):
                assert (await ask(served, get())).status == 200
            assert len(up.conversations) == 1

    run(main())


def test_a_length_goes_on_without_zeros_in_front() -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 0000000000000000000000005\r\n\r\n"

    async def main() -> None:
        async with upstream(saying(head, b"hello")) as up, gateway({"a": [up.address]}) as served:
            answer = await ask(served, get())
            assert (answer.headers["content-length"], answer.body) == ("5", b"hello")

    run(main())


def test_an_answer_without_a_length_ends_with_its_connection() -> None:
    async def main() -> None:
        script = saying(b"HTTP/1.1 200 OK\r\n\r\nhello", b" world", then_close=True)
        async with upstream(script) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            for _ in range(2):
                await opened.send(get())
                answer = await opened.read()
                assert (answer.body, answer.whole) == (b"hello world", True)
            assert [each.reason for each in served.records] == ["", ""]
            assert len(up.conversations) == 2

    run(main())


def test_an_answer_without_a_length_ends_the_connection_of_an_http_1_0_client() -> None:
    async def main() -> None:
        script = saying(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
        async with upstream(script) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            await opened.send(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            answer = await opened.read()
            assert (answer.body, answer.headers["connection"], answer.whole) == (b"hello", "close", True)
            assert "transfer-encoding" not in answer.headers
            assert len(up.conversations) == 1

    run(main())


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
        b"HTTP/1.1 404 Not Found\r\ncontent-length: 5\r\n\r\n",
    ],
)
def test_an_answer_to_head_has_no_body_and_keeps_its_connection(head: bytes) -> None:
    async def main() -> None:
        async with upstream(saying(head)) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            for _ in range(3):
                await opened.send(get(method="HEAD"))
                answer = await opened.read("HEAD")
                assert (answer.body, answer.whole) == (b"", True)
                assert ("content-length" in answer.headers) is (b"content-length" in head)
            assert len(up.conversations) == 1

    run(main())


@pytest.mark.parametrize(
    "status", ["204 No Content", "304 Not Modified", "304 Not Modified\r\ncontent-length: 5\r\netag: x"]
)
def test_an_answer_that_has_no_body_keeps_both_connections(status: str) -> None:
    async def main() -> None:
        script = saying(f"HTTP/1.1 {status}\r\n\r\n".encode())
        async with upstream(script) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            for _ in range(3):
                await opened.send(get())
                answer = await opened.read()
                assert (answer.status, answer.body, answer.whole) == (int(status[:3]), b"", True)
                assert "transfer-encoding" not in answer.headers
            assert len(up.conversations) == 1

    run(main())


def test_interim_answers_are_passed_over() -> None:
    async def main() -> None:
        script = saying(
            b"HTTP/1.1 100 Continue\r\n\r\n",
            b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
        )
        async with upstream(script) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            await opened.send(get())
            raw = await opened.reader.readuntil(b"ok")
            assert raw.startswith(b"HTTP/1.1 200 OK\r\n")
            assert b"link" not in raw

    run(main())


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nbad header: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\na: " + b"a" * 1_200_000,
    ],
)
def test_an_answer_that_cannot_be_understood_is_answered_502(answer: bytes) -> None:
    async def main() -> None:
        async with upstream(saying(answer)) as up, gateway({"a": [up.address]}) as served:
            got = await ask(served, get())
            assert (got.status, got.reason) == (502, "upstream-reset")

    run(main())


def test_chunks_that_turn_malformed_break_the_answer_off() -> None:
    async def main() -> None:
        script = saying(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\nzz\r\n")
        async with upstream(script) as up, gateway({"a": [up.address]}) as served:
            got = await ask(served, get())
            assert (got.status, got.body, got.whole) == (200, b"ok", False)
            assert served.records[0].reason == "upstream-reset"

    run(main())


def test_trailers_are_dropped() -> None:
    async def main() -> None:
        script = saying(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-trailer: 1\r\n\r\n")
        async with upstream(script) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            for _ in range(2):
                await opened.send(get())
                answer = await opened.read()
                assert (answer.body, answer.whole) == (b"ok", True)
                assert "x-trailer" not in answer.headers
            assert len(up.conversations) == 1

    run(main())


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 500 Forged\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 500 ",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokH",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokjunk",
    ],
)
def test_a_connection_that_is_not_clean_is_not_used_again(answer: bytes) -> None:
    async def main() -> None:
        async with upstream(saying(answer)) as up, gateway({"a": [up.address]}) as served:
            for _ in range(2):
                got = await ask(served, get())
                assert (got.status, got.body, got.whole) == (200, b"ok", True)
            assert len(up.conversations) == 2

    run(main())


def test_a_server_that_speaks_unasked_is_hung_up_on() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.request()
        await conversation.answer()
        await asyncio.sleep(0.02)
        await conversation.answer(b"forged")
        await conversation.request()
        await conversation.answer(b"late")

    async def main() -> None:
        async with upstream(script) as up, gateway({"a": [up.address]}) as served:
            assert (await ask(served, get())).body == b"ok"
            server = served.state.connections.server(up.address)
            await until(lambda: not server.idle)
            assert (await ask(served, get())).body == b"ok"
            assert len(up.conversations) == 2

    run(main())


def test_an_answer_before_the_end_of_a_json_body_that_the_server_does_not_read_is_relayed() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.head()
        await conversation.answer(b"no", "connection: close", status="401 Unauthorized")
        await asyncio.sleep(0.05)

    async def main() -> None:
        async with upstream(script) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            await opened.send(post(b'"' + b"x" * 8_000_000 + b'"'))
            assert (await opened.read("POST")).status == 401
            await opened.send(post(b"{}"))
            assert (await opened.read("POST")).status == 401

    run(main())


@pytest.mark.parametrize("then", [b"hello", b"HTTP/1.1 200 Forged\r\ncontent-length: 0\r\n\r\n"])
def test_a_connection_on_which_head_was_answered_with_a_body_is_not_used_again(then: bytes) -> None:
    async def main() -> None:
        script = saying(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n" + then)
        async with upstream(script) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            for _ in range(2):
                await opened.send(get(method="HEAD"))
                answer = await opened.read("HEAD")
                assert (answer.status, answer.body, answer.whole) == (200, b"", True)
            assert len(up.conversations) == 2

    run(main())


def test_a_server_that_says_no_more_and_reads_no_more_is_given_up_at_once() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.head()
        conversation.writer.write_eof()
        await asyncio.Event().wait()

    async def main() -> None:
        async with upstream(script) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            writing = asyncio.create_task(opened.send(post(b'"' + b"x" * 30_000_000 + b'"')))
            assert (await asyncio.wait_for(opened.read("POST"), 10)).reason == "upstream-reset"
            await writing

    run(main())
