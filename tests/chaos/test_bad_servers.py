"""Model servers that hang, reset, lie and drip: what a client sees, and that nothing of it stays."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.support.chaos import get, metric, note, rounds, scripted, told, written
from tests.support.system import System, system, until
from tests.support.upstream import Conversation

pytestmark = pytest.mark.e2e

TIMES = 12
"""Requests of each kind per round, at once."""
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n"
BROKEN = "broken"
"""Status 200, and then a connection that ended without the end of the answer."""


async def bad(conversation: Conversation) -> None:
    """Does what the path says."""
    while True:
        head = await conversation.head()
        path = head.line.split(" ")[1]
        if path == "/early":
            await conversation.answer(b"too early", status="429 Too Many Requests")
            await conversation.gone()
            return
        await conversation.rest(head)
        await MISDEEDS.get(path.strip("/"), good)(conversation)


async def hang(conversation: Conversation) -> None:
    await conversation.gone()


async def reset(conversation: Conversation) -> None:
    conversation.reset()
    await conversation.gone()


async def half_head(conversation: Conversation) -> None:
    await conversation.send(b"HTTP/1.1 200 OK\r\ncontent-le")
    conversation.writer.close()


async def garbage(conversation: Conversation) -> None:
    await conversation.send(b"\x00\xff\x13 nothing of HTTP \r\n\r\n" * 20)
    conversation.writer.close()


async def too_short(conversation: Conversation) -> None:
    await conversation.send(HEAD + b"content-length: 100\r\n\r\n", b"only this")
    conversation.writer.close()


async def too_long(conversation: Conversation) -> None:
    await conversation.send(HEAD + b"content-length: 2\r\n\r\nok and much more than that")


async def no_last_chunk(conversation: Conversation) -> None:
    await conversation.send(HEAD + b"transfer-encoding: chunked\r\n\r\n", b"2\r\nok\r\n")
    conversation.writer.close()


async def bad_chunk(conversation: Conversation) -> None:
    await conversation.send(HEAD + b"transfer-encoding: chunked\r\n\r\n", b"2\r\nok\r\n", b"zz\r\nok\r\n")
    await conversation.gone()


async def drip(conversation: Conversation) -> None:
    for byte in HEAD + b"content-length: 2\r\n\r\nok":
        await conversation.send(bytes([byte]))


async def good(conversation: Conversation) -> None:
    await conversation.answer(b"ok")


MISDEEDS = {
    "hang": hang,
    "reset": reset,
    "half-head": half_head,
    "garbage": garbage,
    "too-short": too_short,
    "too-long": too_long,
    "no-last-chunk": no_last_chunk,
    "bad-chunk": bad_chunk,
    "drip": drip,
    "good": good,
}
EXPECTED = {
    "hang": {(504, "timeout")},
    "reset": {(502, "upstream-reset")},
    "half-head": {(502, "upstream-reset")},
    "garbage": {(502, "upstream-reset")},
    "too-short": {(200, BROKEN)},
    "too-long": {(200, "")},
    "no-last-chunk": {(200, BROKEN)},
    "bad-chunk": {(200, BROKEN)},
    "drip": {(200, "")},
    "early": {(429, "")},
}


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    folder = tmp_path_factory.mktemp("servers")
    with scripted(bad) as server:
        port = int(server.address.rpartition(":")[2])
        objects = written(folder, {"llm": [port]}, timeout="1s", llm=1)
        with system(folder, "--workers", "1", "-f", str(objects)) as running:
            until(lambda: asked(running, "good", 1).keys() == {(200, "")})
            yield running


def asked(up: System, path: str, times: int) -> Counter[tuple[int, str]]:
    """What so many clients see at once."""

    async def main() -> Counter[tuple[int, str]]:
        async with asyncio.timeout(30):
            return Counter(await asyncio.gather(*(_one(up.gateway_port, path) for _ in range(times))))

    return asyncio.run(main())


async def _one(port: int, path: str) -> tuple[int, str]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        length = 100 if path == "early" else 2
        head = f"POST /{path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\nhi"
        writer.write(head.encode())
        got = b""
        with contextlib.suppress(ConnectionError):
            while more := await reader.read(65536):
                got += more
    finally:
        writer.close()
    if not got:
        return 0, "no answer"
    top, _, body = got.partition(b"\r\n\r\n")
    fields = dict(line.lower().split(": ", 1) for line in top.decode("latin-1").split("\r\n")[1:])
    code = int(top.split(b" ")[1])
    whole = len(body) == int(fields["content-length"]) if "content-length" in fields else body.endswith(b"0\r\n\r\n")
    return code, fields.get("x-turnout-reason", "") if whole else BROKEN


@pytest.mark.parametrize("misdeed", sorted(EXPECTED))
def test_what_a_bad_server_does_is_told_to_the_client_and_leaves_nothing_behind(up: System, misdeed: str) -> None:
    until(lambda: asked(up, "good", 1).keys() == {(200, "")})
    for _ in rounds(up):
        saw = asked(up, misdeed, TIMES)
        assert saw.keys() == EXPECTED[misdeed], saw
        began = time.monotonic()
        until(lambda: asked(up, "good", 1).keys() == {(200, "")})
        took = time.monotonic() - began
        shown = Counter({(code, ""): count for (code, _), count in saw.items()})
        cut = " (broken off)" if any(reason == BROKEN for _, reason in saw) else ""
        note(f"a server: {misdeed}", told(shown) + cut, "the server's next answer is relayed", took)
    assert metric(up, "turnout_streams_open") == "0"


def test_no_request_is_counted_as_in_flight_after_all_of_it(up: System) -> None:
    asked(up, "hang", 1)

    def lines() -> list[str]:
        return [x for x in get(f"{up.api}/metrics").splitlines() if x.startswith("turnout_endpoint_inflight{")]

    until(lambda: lines() and all(line.endswith(" 0") for line in lines()))
