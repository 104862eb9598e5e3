"""How late a loop is, in virtual time."""

import asyncio
from collections.abc import Callable
from typing import cast

import pytest

from turnout.proxy.loop_lag import LOOK, LoopLag
from turnout.telemetry.buckets import LAG, place


class Timer:
    """A call that is due."""

    def __init__(self, when: float, call: Callable[[], None]) -> None:
        self.when = when
        self.call = call
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class Loop:
    """Calls when it is told to, however late that is."""

    def __init__(self) -> None:
        self.now = 100.0
        self.timers: list[Timer] = []

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, call: Callable[[], None]) -> Timer:
        self.timers.append(Timer(when, call))
        return self.timers[-1]

    def turn(self, late: float) -> None:
        """The last timer comes, so many seconds late."""
        timer = self.timers[-1]
        self.now = timer.when + late
        timer.call()


def begun() -> tuple[Loop, LoopLag]:
    loop = Loop()
    lag = LoopLag(cast("asyncio.AbstractEventLoop", loop))
    lag.start()
    return loop, lag


def test_a_loop_in_time_has_no_lag() -> None:
    loop, lag = begun()
    for _ in range(5):
        loop.turn(0.0)

    (counts, total), longest = lag.take()
    assert counts == {0: 5}
    assert [total, longest] == pytest.approx([0.0, 0.0])


def test_a_stall_is_counted_once_with_its_length() -> None:
    loop, lag = begun()
    loop.turn(0.0)
    loop.turn(0.15)
    loop.turn(0.0)

    (counts, total), longest = lag.take()
    assert counts == {0: 2, place(LAG, 0.15): 1}
    assert [total, longest] == pytest.approx([0.15, 0.15])


def test_after_a_stall_it_looks_again_from_then_on() -> None:
    loop, _ = begun()
    loop.turn(3.0)

    assert loop.timers[-1].when == pytest.approx(loop.now + LOOK)


def test_what_was_taken_is_gone() -> None:
    loop, lag = begun()
    loop.turn(0.5)
    lag.take()

    assert lag.take() == (({}, 0.0), 0.0)


def test_a_timer_that_comes_early_is_no_lag() -> None:
    loop, lag = begun()
    loop.turn(-0.001)

    assert lag.take() == (({0: 1}, 0.0), 0.0)


def test_it_looks_no_more_when_stopped() -> None:
    loop, lag = begun()
    lag.stop()

    assert loop.timers[-1].cancelled
