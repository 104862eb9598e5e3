"""A turn of the loop takes only so much of a long body."""

import asyncio
import json
from collections.abc import Callable
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from tests.support.memory_worker import Loop, MemoryWorker
from tests.support.upstream import Conversation, upstream
from tests.support.worker import client, gateway, run
from turnout.proxy.turns import BODY, CLIENT, GULP, PIECE, Intake, Outlet


class Transport:
    """Notes what is done with it; `room` is what its peer takes before it is slow."""

    def __init__(self) -> None:
        self.reading = True
        self.closing = False
        self.written = b""
        self.writes: list[int] = []
        self.after: Callable[[], None] = lambda: None

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def is_closing(self) -> bool:
        return self.closing

    def write(self, data: bytes) -> None:
        self.writelines([data])

    def writelines(self, parts: list[bytes]) -> None:
        data = b"".join(parts)
        self.written += data
        self.writes.append(len(data))
        self.after()


def intake() -> tuple[Loop, Transport, Intake]:
    loop, transport = Loop(), Transport()
    return loop, transport, Intake(cast("asyncio.AbstractEventLoop", loop), cast("asyncio.Transport", transport))


def outlet() -> tuple[Loop, Transport, Outlet]:
    loop, transport = Loop(), Transport()
    return loop, transport, Outlet(cast("asyncio.AbstractEventLoop", loop), cast("asyncio.Transport", transport))


def test_a_connection_that_rests_is_read_again_in_the_next_turn() -> None:
    loop, transport, made = intake()
    made.rest()
    assert not transport.reading
    loop.run()
    assert transport.reading


def test_a_rest_does_not_end_another_reason() -> None:
    loop, transport, made = intake()
    made.rest()
    made.hold(BODY, held=True)
    loop.run()
    assert not transport.reading
    made.hold(BODY, held=False)
    assert transport.reading


def test_the_end_of_another_reason_does_not_end_a_rest() -> None:
    loop, transport, made = intake()
    made.hold(CLIENT, held=True)
    made.rest()
    made.hold(CLIENT, held=False)
    assert not transport.reading
    loop.run()
    assert transport.reading


def test_a_connection_that_was_left_is_not_touched() -> None:
    loop, transport, made = intake()
    made.rest()
    made.leave()
    loop.run()
    assert not transport.reading


def test_a_short_body_is_written_at_once() -> None:
    _, transport, made = outlet()
    made.send([b"a", b"b" * 1000], 1001)
    assert (transport.writes, made.waiting) == ([1001], False)


def test_a_long_body_is_written_a_piece_in_a_turn() -> None:
    loop, transport, made = outlet()
    made.send([b"x" * 200_000] * 10, 2_000_000)
    turns = 1
    while made.waiting:
        assert len(transport.writes) == turns
        loop.due.popleft()()
        turns += 1
    assert max(transport.writes) < PIECE + 200_000
    assert transport.written == b"x" * 2_000_000


def test_nothing_is_written_while_the_peer_is_slow() -> None:
    loop, transport, made = outlet()
    transport.after = lambda: made.hold(held=True)
    made.send([b"x" * PIECE] * 3, 3 * PIECE)
    loop.run()
    assert len(transport.writes) == 1
    made.hold(held=False)
    loop.run()
    assert len(transport.writes) == 2


def test_a_peer_that_is_slow_for_a_moment_gets_one_piece_in_a_turn_all_the_same() -> None:
    _, transport, made = outlet()
    made.send([b"x" * PIECE] * 3, 3 * PIECE)
    made.hold(held=True)
    made.hold(held=False)
    assert len(transport.writes) == 1


def test_what_waits_for_a_connection_that_is_gone_is_dropped() -> None:
    loop, transport, made = outlet()
    made.send([b"x" * PIECE] * 3, 3 * PIECE)
    transport.closing = True
    loop.run()
    assert (len(transport.writes), made.waiting) == (1, False)


@given(st.lists(st.integers(0, 3 * PIECE), max_size=6))
def test_what_is_written_is_what_was_sent(sizes: list[int]) -> None:
    loop, transport, made = outlet()
    parts = [bytes([number + 1]) * size for number, size in enumerate(sizes)]
    if parts:
        made.send(parts, sum(sizes))
    loop.run()
    assert transport.written == b"".join(parts)
    assert max(transport.writes, default=0) <= 2 * PIECE


def long_request() -> bytes:
    body = json.dumps({"model": "m", "image": "QUJD" * 500_000}).encode()
    return b"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n%b%b" % (
        b"content-length: %d\r\n\r\n" % len(body),
        body,
    )


def test_a_client_that_sends_much_is_read_once_in_a_turn() -> None:
    worker = MemoryWorker()
    client = worker.accept()
    client.protocol.data_received(long_request()[:GULP])
    resting = client.held
    worker.loop.run()
    assert (resting, client.held) == (True, False)


def test_a_server_that_sends_much_is_read_once_in_a_turn() -> None:
    worker = MemoryWorker()
    client = worker.accept()
    client.protocol.data_received(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
    worker.loop.run()
    server = worker.servers[0]
    server.protocol.data_received(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n" + b"x" * GULP)
    resting = server.held
    worker.loop.run()
    assert (resting, server.held) == (True, False)
    server.protocol.data_received(b"x" * (1_000_000 - GULP))
    worker.loop.run()
    assert client.sent.endswith(b"x" * 1_000_000)


def test_a_connection_whose_long_request_is_answered_before_it_is_written_is_not_kept() -> None:
    worker = MemoryWorker()
    client = worker.accept()
    client.protocol.data_received(long_request())
    while not any(each.written for each in worker.servers):
        worker.loop.due.popleft()()
    server = worker.servers[0]
    assert len(server.sent) < len(long_request())
    server.protocol.data_received(b"HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\n\r\n")
    worker.loop.run()
    assert (server.ended, client.sent[:12]) == ("aborted", b"HTTP/1.1 413")


def test_a_server_that_reads_a_long_request_in_sips_gets_all_of_it() -> None:
    async def script(conversation: Conversation) -> None:
        head = await conversation.head()
        left = int(head.headers["content-length"])
        got = b""
        while len(got) < left:
            got += await conversation.reader.read(300_000)
            await asyncio.sleep(0.001)
        await conversation.answer(got[-20:])

    async def main() -> None:
        request = long_request()
        async with upstream(script) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            await opened.send(request)
            assert (await opened.read()).body == request[-20:]

    run(main())
