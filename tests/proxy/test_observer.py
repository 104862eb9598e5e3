"""Which requests count since when, as which unit, with which share."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.support.upstream import Conversation, upstream
from tests.support.watching import Clock, Told, slowed, watched
from tests.support.worker import Gateway, ask, gateway, post, run, table
from turnout.channels import MISSES
from turnout.proxy.observer import Observer
from turnout.proxy.request import Request
from turnout.proxy.watched import Watched
from turnout.table import WatchedMetric

PATH = "/v1/chat/completions"
BODY = b'{"stream":true}'
TTFT = WatchedMetric("ttft", "TTFT", 0.8)
ERRORS = WatchedMetric("errors", "ErrorRate")
EVENTS = b'data: {"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'


async def script(conversation: Conversation) -> None:
    while True:
        await conversation.request()
        await conversation.answer(EVENTS, "content-type: text/event-stream")


async def failing(conversation: Conversation) -> None:
    while True:
        await conversation.request()
        await conversation.answer(b"{}", status="500 Broken")


@asynccontextmanager
async def both_arms(clock: Clock, *, fails: bool = False) -> AsyncIterator[Gateway]:
    """A gateway whose arms answer alike, and which goes by `clock`."""
    async with (
        upstream(failing if fails else script) as up,
        gateway({"stable": [up.address], "candidate": [up.address]}) as served,
    ):
        slowed(served, clock)
        yield served


async def chat(served: Gateway, key: str = "") -> str:
    """Sends one request; the pool that answered."""
    headers = (f"x-session-id: {key}",) if key else ()
    return (await ask(served, post(BODY, *headers, path=PATH), "POST")).pool


# -- since when times count


def test_times_of_keyless_requests_count_from_the_grace_on_and_errors_at_once() -> None:
    async def main() -> None:
        clock = Clock()
        async with both_arms(clock) as served:
            served.swap(watched({"stable": 1, "candidate": 1}, [TTFT, ERRORS], cold_grace=30.0))
            told = Told(served.state.observer)
            await chat(served)
            clock.now += 29.0
            await chat(served)
            assert told.judged() == {"errors": (2, 0)}
            clock.now += 1.0
            await chat(served)
            assert told.judged() == {"errors": (3, 0), "ttft": (1, 0)}

    run(main())


def test_of_keys_only_those_first_seen_after_the_step_have_their_times_counted() -> None:
    async def main() -> None:
        clock = Clock()
        async with both_arms(clock) as served:
            served.swap(table({"stable": 1}))
            await chat(served, "old")
            clock.now += 5.0
            served.swap(watched({"stable": 9, "candidate": 1}, [TTFT, ERRORS], cold_grace=30.0))
            told = Told(served.state.observer)
            clock.now += 31.0
            await chat(served, "old")
            assert told.judged() == {"errors": (1, 0)}
            await chat(served, "new")
            assert told.judged() == {"errors": (2, 0), "ttft": (1, 0)}

    run(main())


def test_a_key_of_the_step_before_is_old_in_the_next() -> None:
    async def main() -> None:
        clock = Clock()
        async with both_arms(clock) as served:
            for epoch, weight in ((1, 1), (2, 3)):
                served.swap(watched({"stable": 9, "candidate": weight}, [TTFT], epoch=epoch))
                clock.now += 2.0
                told = Told(served.state.observer)
                await chat(served, "k")
                assert told.judged() == ({"ttft": (1, 0)} if epoch == 1 else {})
                clock.now += 2.0

    run(main())


def test_an_epoch_that_leaves_the_weights_alone_makes_nothing_cold() -> None:
    async def main() -> None:
        clock = Clock()
        async with both_arms(clock) as served:
            served.swap(watched({"stable": 9, "candidate": 1}, [TTFT], cold_grace=30.0))
            clock.now += 40.0
            served.swap(watched({"stable": 9, "candidate": 1}, [TTFT], epoch=2, cold_grace=30.0))
            told = Told(served.state.observer)
            await chat(served)
            assert told.judged() == {"ttft": (1, 0)}
            assert {each.epoch for each in told.arms} == {2}

    run(main())


def test_a_request_is_told_under_the_epoch_of_its_assignment() -> None:
    async def main() -> None:
        answer = asyncio.Event()

        async def waiting(conversation: Conversation) -> None:
            await conversation.request()
            await answer.wait()
            await conversation.answer(b"{}", status="500 Broken")

        async with upstream(waiting) as up, gateway({"candidate": [up.address]}) as served:
            served.swap(watched({"candidate": 1}, [ERRORS], epoch=7))
            told = Told(served.state.observer)
            asked = asyncio.create_task(chat(served))
            while not up.received:
                await asyncio.sleep(0.002)
            served.swap(watched({"candidate": 2}, [ERRORS], epoch=8))
            answer.set()
            await asked
            assert told.missed() == {"errors"}
            assert {each.epoch for each in told.arms} == {each.epoch for each in told.misses} == {7}

    run(main())


# -- units and shares


def test_a_miss_bears_its_arm_and_the_candidate_s_share_at_assignment() -> None:
    async def main() -> None:
        async with both_arms(Clock(), fails=True) as served:
            served.swap(watched({"stable": 3, "candidate": 1}, [ERRORS]))
            told = Told(served.state.observer)
            pools = Counter([await chat(served) for _ in range(40)])
            assert told.judged() == {"errors": (40, 40)}
            assert {each.share for each in told.misses} == {0.25}
            assert Counter(each.arm for each in told.misses) == pools == {"stable": 30, "candidate": 10}

    run(main())


def test_the_share_is_that_of_the_two_arms_alone() -> None:
    async def main() -> None:
        async with both_arms(Clock(), fails=True) as served:
            served.swap(watched({"stable": 3, "candidate": 1, "other": 96}, [ERRORS]))
            assert [each.share for each in served.state.view.watched.values()] == [0.25]

    run(main())


def test_a_key_is_one_unit_and_each_stretch_of_keyless_requests_another() -> None:
    async def main() -> None:
        async with both_arms(Clock(), fails=True) as served:
            served.swap(watched({"stable": 3, "candidate": 1}, [ERRORS]))
            told = Told(served.state.observer)
            for _ in range(3):
                await chat(served, "k")
            assert len({each.unit for each in told.listen().misses}) == 1
            for _ in range(40):
                await chat(served)
            assert len({each.unit for each in told.listen().misses}) == 1 + 10

    run(main())


def test_the_same_key_is_the_same_unit_in_every_worker_and_a_stretch_is_not() -> None:
    async def units(key: str, started: float) -> set[int]:
        async with both_arms(Clock(), fails=True) as served:
            served.state.observer = Observer(lambda: started)
            served.swap(watched({"stable": 1, "candidate": 1}, [ERRORS]))
            told = Told(served.state.observer)
            await chat(served, key)
            return {each.unit for each in told.listen().misses}

    assert run(units("k", 1.0)) == run(units("k", 2.0))
    assert run(units("", 1.0)) != run(units("", 2.0))


# -- assignments and loads


def test_each_new_key_is_told_once_and_each_keyless_request_every_time() -> None:
    async def main() -> None:
        clock = Clock()
        async with both_arms(clock) as served:
            served.swap(watched({"stable": 1, "candidate": 1}, [ERRORS]))
            told = Told(served.state.observer)
            keyed = {key: await chat(served, key) for key in ("a", "b", "c", "a", "a")}
            keyless = Counter([await chat(served) for _ in range(4)])
            told.listen()
            found = {each.keyed: (each.share, each.stable, each.candidate) for each in told.assignments}
            sides = Counter(keyed.values())
            assert found == {
                True: (0.5, sides["stable"], sides["candidate"]),
                False: (0.5, keyless["stable"], keyless["candidate"]),
            }
            assert sum(each.requests for each in told.loads) == 9

    run(main())


def test_a_key_is_new_once_under_each_epoch() -> None:
    async def main() -> None:
        async with both_arms(Clock()) as served:
            told = Told(served.state.observer)
            for epoch in (1, 2):
                served.swap(watched({"stable": 1, "candidate": epoch}, [ERRORS], epoch=epoch))
                await chat(served, "a")
                await chat(served, "a")
            told.listen()
            assert [(each.epoch, each.stable + each.candidate) for each in told.assignments] == [(1, 1), (2, 1)]

    run(main())


def test_the_heaviest_key_is_named() -> None:
    async def main() -> None:
        async with both_arms(Clock()) as served:
            served.swap(watched({"stable": 1, "candidate": 1}, [ERRORS]))
            told = Told(served.state.observer)
            for number in range(60):
                await chat(served, "heavy" if number % 3 == 0 else f"k{number}")
            assert max((each.requests, each.key) for each in told.listen().keys) == (20, "heavy")

    run(main())


def test_a_table_of_the_same_epoch_goes_on_counting_where_the_last_one_was() -> None:
    observer = Observer(Clock())

    assert watching(observer).tally is watching(observer).tally


# -- the report


def request() -> Request:
    made = Request(b"POST", PATH.encode(), [], closes=False, http10=False)
    made.complete = True
    return made


def watching(observer: Observer) -> Watched:
    [found] = observer.watch(watched({"stable": 1, "candidate": 1}, [ERRORS])).values()
    return found


@pytest.mark.parametrize("reason", ["saturated", "queue-timeout", "draining"])
def test_what_the_gateway_itself_refuses_counts_for_neither_arm(reason: str) -> None:
    observer = Observer(Clock())
    made = observer.begin(watching(observer), 0, "candidate", "", "stretch:0", request())
    assert made is not None
    observer.end(made, 429, reason, 0)

    assert Told(observer).judged() == {}


def test_more_misses_than_a_report_lists_are_counted_and_the_gap_is_told() -> None:
    observer = Observer(Clock())
    watch = watching(observer)
    for number in range(MISSES + 5):
        made = observer.begin(watch, 0, "stable", "", f"stretch:{number}", request())
        assert made is not None
        observer.end(made, 500, "", 1)
    told = Told(observer)

    assert told.judged() == {"errors": (MISSES + 5, MISSES + 5)}
    assert len(told.misses) == MISSES
    assert told.left_out == 5
    assert Told(observer).listen().left_out == 0


def test_what_was_told_is_not_told_again() -> None:
    observer = Observer(Clock())
    made = observer.begin(watching(observer), 0, "stable", "", "stretch:0", request())
    assert made is not None
    observer.end(made, 500, "", 1)
    Told(observer).listen()
    told = Told(observer).listen()

    assert (told.arms, told.misses, told.assignments, told.loads) == ([], [], [], [])
