"""The window of changes."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence

import pytest

from turnout.apiserver.stored import Change, Key, Stored
from turnout.apiserver.window import ExpiredError, Window

KEY = Key("g", "things", "default", "a")


def change(version: int) -> Change:
    stored = Stored.at(KEY, version, {"metadata": {"name": "a"}})
    return Change(KEY, version, None, stored, stored)


def versions(changes: Sequence[Change]) -> list[int]:
    return [each.version for each in changes]


def run(main: Callable[[], Coroutine[None, None, None]]) -> None:
    asyncio.run(main())


def test_a_watch_sees_what_is_newer_than_its_version() -> None:
    async def main() -> None:
        window = Window(10)
        window.add([change(12), change(15)])

        assert versions(window.watch(10).take()) == [12, 15]
        assert versions(window.watch(12).take()) == [15]
        assert versions(window.watch(14).take()) == [15]
        assert versions(window.watch(15).take()) == []

    run(main)


def test_a_watch_takes_each_change_once() -> None:
    async def main() -> None:
        window = Window(0)
        watch = window.watch(0)
        window.add([change(1)])
        assert versions(watch.take()) == [1]
        assert versions(watch.take()) == []
        window.add([change(2), change(3)])
        assert versions(watch.take()) == [2, 3]

    run(main)


def test_a_watch_from_before_the_start_is_expired() -> None:
    async def main() -> None:
        with pytest.raises(ExpiredError) as expired:
            Window(10).watch(9)
        assert expired.value.oldest == 10

    run(main)


@pytest.mark.parametrize("count", [4, 5, 8, 9, 17])
def test_a_window_forgets_all_but_the_last(count: int) -> None:
    async def main() -> None:
        window = Window(0, size=4)
        slow = window.watch(0)
        for version in range(1, count + 1):
            window.add([change(version)])

        assert versions(window.watch(count - 4).take()) == list(range(count - 3, count + 1))
        if count > 4:
            with pytest.raises(ExpiredError) as expired:
                window.watch(count - 5)
            assert expired.value.oldest == count - 4
            with pytest.raises(ExpiredError):
                slow.take()

    run(main)


def test_a_window_does_not_grow() -> None:
    async def main() -> None:
        window = Window(0, size=4)
        for version in range(1, 1000):
            window.add([change(version)])
            assert len(window._changes) <= 8

    run(main)


def test_a_change_ends_the_wait() -> None:
    async def main() -> None:
        window = Window(0)
        watch = window.watch(0)
        waiting = asyncio.create_task(watch.wait(30))
        await asyncio.sleep(0)
        window.add([change(1)])
        await asyncio.wait_for(waiting, 5)

    run(main)


def test_a_change_between_take_and_wait_is_not_missed() -> None:
    async def main() -> None:
        window = Window(0)
        watch = window.watch(0)
        watch.take()
        window.add([change(1)])
        await asyncio.wait_for(watch.wait(30), 5)
        assert versions(watch.take()) == [1]

    run(main)


def test_a_wait_ends_without_a_change() -> None:
    async def main() -> None:
        await asyncio.wait_for(Window(0).watch(0).wait(0.01), 5)

    run(main)


def test_closing_the_window_closes_its_watches() -> None:
    async def main() -> None:
        window = Window(0)
        watch = window.watch(0)
        waiting = asyncio.create_task(watch.wait(30))
        await asyncio.sleep(0)
        window.close()
        await asyncio.wait_for(waiting, 5)
        assert watch.closed
        await asyncio.wait_for(watch.wait(30), 5)

    run(main)


def test_a_closed_watch_is_forgotten() -> None:
    async def main() -> None:
        window = Window(0)
        window.watch(0).close()
        assert not window._watches

    run(main)


def test_what_is_large_is_forgotten_sooner() -> None:
    async def main() -> None:
        size = len(change(1).last.encoded)
        window = Window(0, size=1000, room=10 * size + 5)
        slow = window.watch(0)
        for version in range(1, 10):
            window.add([change(version)])
        assert versions(window.since(0)) == list(range(1, 10))

        window.add([change(version) for version in (10, 11)])

        with pytest.raises(ExpiredError) as forgotten:
            window.since(0)
        assert 0 < len(window.since(forgotten.value.oldest)) <= 5
        with pytest.raises(ExpiredError):
            slow.take()

    run(main)


def test_the_latest_change_is_remembered_however_large_it_is() -> None:
    async def main() -> None:
        window = Window(0, room=1)
        window.add([change(1)])
        window.add([change(2)])

        assert versions(window.since(1)) == [2]

    run(main)
