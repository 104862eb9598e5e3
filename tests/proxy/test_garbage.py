"""When garbage is collected."""

import gc
from collections.abc import Iterator

import pytest

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
