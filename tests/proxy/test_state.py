"""What a worker serves with."""

import asyncio

from tests.support.worker import Cells, run
from turnout.proxy.state import FORGET, State


def test_a_failed_connect_is_forgotten_in_time() -> None:
    async def main() -> None:
        state = State(asyncio.get_running_loop(), lambda _: None, Cells(), lambda _: 0)
        now = [100.0]
        state.clock = lambda: now[0]
        state.failed_at["a"] = 100.0
        state.sweep()
        assert state.failed_at == {"a": 100.0}
        now[0] += FORGET + 1
        state.sweep()
        assert state.failed_at == {}

    run(main())
