"""What a worker bounds, as its clients meet it."""

import json

from tests.support.memory_worker import MemoryWorker
from tests.support.upstream import answering, upstream
from tests.support.worker import ask, client, gateway, get, run
from turnout.proxy.limits import Limits

ANNOUNCED = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"


def test_a_connection_beyond_the_limit_is_answered_429_and_closed() -> None:
    async def main() -> None:
        async with (
            upstream(answering()) as up,
            gateway({"a": [up.address]}, limits=Limits(connections=2)) as served,
            client(served) as one,
            client(served) as two,
        ):
            for each in (one, two):
                await each.send(get())
                assert (await each.read()).status == 200
            answer = await ask(served, get())
            assert (answer.status, answer.reason) == (429, "saturated")
            assert (answer.headers["retry-after"], answer.headers["connection"]) == ("1", "close")
            assert "limit of 2 connections" in json.loads(answer.body)["error"]["message"]
            await one.send(get())
            assert (await one.read()).status == 200

    run(main())


def test_there_is_room_again_when_a_client_has_left() -> None:
    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address]}, limits=Limits(connections=1)) as served:
            for _ in range(3):
                assert (await ask(served, get())).status == 200

    run(main())


def test_bodies_that_are_more_than_a_worker_may_hold_are_answered_429() -> None:
    memory = MemoryWorker(Limits(bodies=600))
    one, two = memory.accept(), memory.accept()
    for wire in (one, two):
        wire.deliver(ANNOUNCED)
        wire.deliver(b" " * 400)
    memory.loop.run()

    assert one.sent == b""
    assert two.sent.startswith(b"HTTP/1.1 429 ")
    assert b"x-turnout-reason: saturated\r\nretry-after: 1\r\n" in two.sent
    assert memory.state.held == 400


def test_what_was_held_is_let_go_with_its_client() -> None:
    memory = MemoryWorker()
    wire = memory.accept()
    wire.deliver(ANNOUNCED)
    wire.deliver(b" " * 400)
    assert memory.state.held == 400
    wire.half_close()
    memory.loop.run()

    assert memory.left() == []


def test_a_body_of_which_nothing_comes_is_answered_408() -> None:
    memory = MemoryWorker(Limits(slow_body=5.0))
    wire = memory.accept()
    wire.deliver(ANNOUNCED + b" " * 10)
    memory.pass_time(4)
    assert wire.sent == b""
    memory.pass_time(2)

    assert wire.sent.startswith(b"HTTP/1.1 408 ")
    assert b"x-turnout-reason: bad-request\r\n" in wire.sent


def test_a_body_that_goes_on_coming_is_waited_for() -> None:
    memory = MemoryWorker(Limits(slow_body=5.0))
    wire = memory.accept()
    wire.deliver(ANNOUNCED)
    for _ in range(20):
        wire.deliver(b" ")
        memory.pass_time(3)

    assert wire.sent == b""


def test_a_head_that_does_not_come_to_an_end_ends_the_connection() -> None:
    memory = MemoryWorker(Limits(slow_head=5.0))
    wire = memory.accept()
    wire.deliver(b"POST / HTTP/1.1\r\n")
    for _ in range(10):
        wire.deliver(b"A: b\r\n")
        memory.pass_time(1)

    assert wire.is_closing()
    assert memory.left() == []


def test_a_connection_beyond_the_limit_that_asks_nothing_is_closed_soon_and_the_others_stay() -> None:
    memory = MemoryWorker(Limits(connections=1, linger=2.0))
    wanted, silent, begun = memory.accept(), memory.accept(), memory.accept()
    begun.deliver(b"GET / HT")
    memory.pass_time(1)
    assert not silent.is_closing()
    memory.pass_time(2)

    assert (wanted.is_closing(), silent.is_closing(), begun.is_closing()) == (False, True, True)
