"""How a child of `turnout up` lives and ends."""

import asyncio
import os
import resource
import signal

import pytest

from turnout.runners.lifetime import MOST_CLIENTS, connection_limit, live


async def _for_ever(begun: asyncio.Event, undone: list[str]) -> None:
    begun.set()
    try:
        await asyncio.Event().wait()
    finally:
        undone.append("undone")


def test_it_ends_in_order_when_its_parent_does() -> None:
    async def main() -> list[str]:
        undone: list[str] = []
        begun = asyncio.Event()
        ours, parents = os.pipe()
        living = asyncio.create_task(live(_for_ever(begun, undone), ours))
        await begun.wait()
        assert not living.done()
        os.close(parents)
        await asyncio.wait_for(living, 10)
        os.close(ours)
        return undone

    assert asyncio.run(main()) == ["undone"]


def test_it_ends_in_order_when_it_is_told_to() -> None:
    async def main() -> list[str]:
        undone: list[str] = []
        begun = asyncio.Event()
        living = asyncio.create_task(live(_for_ever(begun, undone), None))
        await begun.wait()
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(living, 10)
        return undone

    assert asyncio.run(main()) == ["undone"]


def test_work_that_fails_fails_loudly() -> None:
    async def work() -> None:
        raise ValueError("of ours")

    with pytest.raises(ValueError, match="of ours"):
        asyncio.run(live(work(), None))


@pytest.mark.parametrize(
    ("descriptors", "clients"), [(1024, 384), (20_000, 9872), (100, 64), (resource.RLIM_INFINITY, MOST_CLIENTS)]
)
def test_clients_get_less_than_half_of_the_descriptors(
    monkeypatch: pytest.MonkeyPatch, descriptors: int, clients: int
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (descriptors, descriptors))

    assert connection_limit() == clients
