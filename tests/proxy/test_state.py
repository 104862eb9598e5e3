"""What a worker serves with."""

import asyncio

from tests.support.worker import Cells, run
from turnout.endpoints.outlier import FORGET
from turnout.proxy.state import State


def test_a_failed_connect_is_forgotten_in_time() -> None:
    async def main() -> None:
        state = State(asyncio.get_running_loop(), lambda _: None, Cells(), lambda _: 0)
        now = [100.0]
        state.clock = lambda: now[0]
        state.outliers.failed("a", 100.0, refused=True)
        state.sweep()
        assert list(state.outliers.standings) == ["a"]
        now[0] += FORGET + 1
        state.sweep()
        assert state.outliers.standings == {}

    run(main())
