"""When garbage is collected."""

import gc
from collections.abc import Iterator

import pytest

from tests.support.memory_worker import MemoryWorker
from turnout.proxy.garbage import BUSY_TICKS, Garbage


@pytest.fixture
def collected() -> Iterator[list[int]]:
    """The generations that were collected."""
    seen: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            seen.append(info["generation"])

    gc.disable()
    gc.callbacks.append(note)
    yield seen
    gc.callbacks.remove(note)
    gc.unfreeze()
    gc.enable()


def test_what_is_frozen_is_not_looked_at_again(collected: list[int]) -> None:
    Garbage().freeze()

    assert not gc.isenabled()
    assert gc.get_freeze_count() > 0


def test_an_idle_worker_collects_once(collected: list[int]) -> None:
    garbage = Garbage()
    for _ in range(5):
        garbage.tick(busy=False)

    assert collected == [2]


def test_a_busy_worker_looks_at_the_young_now_and_then(collected: list[int]) -> None:
    garbage = Garbage()
    for _ in range(BUSY_TICKS * 2):
        garbage.tick(busy=True)

    assert collected == [0, 0]


def test_a_worker_that_was_busy_collects_when_it_is_idle_again(collected: list[int]) -> None:
    garbage = Garbage()
    garbage.tick(busy=False)
    garbage.tick(busy=True)
    garbage.tick(busy=False)

    assert collected == [2, 2]


BODY = b'{"model":"m","messages":[{"role":"user","content":"%b"}]}' % (b"x" * 2000)
ASKED = (
    b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    % len(BODY)
)
WHOLE = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n6\r\ndata:\n\r\n"


def one_of_each(memory: MemoryWorker) -> None:
    """Eight requests of a client that stays, and two of such that do not."""
    memory.servers.clear()
    client = memory.accept()
    for answer in (WHOLE, STREAM, WHOLE, WHOLE):
        client.deliver(ASKED + BODY)
        memory.loop.run()
        memory.servers[-1].deliver(answer)
        if answer is STREAM:
            memory.servers[-1].deliver(b"0\r\n\r\n")
        memory.loop.run()
    client.deliver(ASKED)  # in two reads, and the server resets
    client.deliver(BODY)
    memory.loop.run()
    memory.servers[-1].gone(ConnectionResetError())
    memory.loop.run()
    memory.servers[-1].deliver(WHOLE)
    client.deliver(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 2)
    for _ in range(2):
        memory.loop.run()
        memory.servers[-1].deliver(WHOLE)
    memory.loop.run()
    client.deliver(b"GET  / nonsense\r\n\r\n")
    gone = memory.accept()
    gone.deliver(ASKED + BODY)
    memory.loop.run()
    gone.half_close()
    memory.loop.run()
    cut = memory.accept()
    cut.deliver(ASKED + BODY)
    memory.loop.run()
    memory.servers[-1].deliver(STREAM)
    memory.servers[-1].gone(None)
    for wire in (client, *memory.servers):
        wire.gone(None)
    memory.loop.run()


def test_ten_thousand_requests_leave_nothing_to_be_collected() -> None:
    memory = MemoryWorker()
    one_of_each(memory)
    gc.collect()
    gc.disable()
    try:
        requests = 0
        while requests < 10_000:
            memory.records.clear()
            one_of_each(memory)
            requests += len(memory.records)
        assert len(memory.records) == 10
        assert gc.collect() == 0
    finally:
        gc.enable()
    assert memory.left() == []
