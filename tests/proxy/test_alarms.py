"""Alarms, many of them on one wheel."""

import asyncio
import gc
import weakref

from tests.support.worker import run, until
from turnout.proxy.alarms import Alarms


class Sleeper:
    def __init__(self) -> None:
        self.woken: list[float] = []

    def overdue(self, seconds: float) -> None:
        self.woken.append(seconds)


def test_an_alarm_rings_once_and_not_before_its_time() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        alarms, sleeper = Alarms(loop), Sleeper()
        began = loop.time()
        alarms.set(0.25, sleeper)
        await until(lambda: sleeper.woken)
        assert loop.time() - began >= 0.25
        again = Sleeper()
        alarms.set(0.1, again)
        await until(lambda: again.woken)
        assert (sleeper.woken, again.woken) == ([0.25], [0.1])

    run(main())


def test_a_cancelled_alarm_never_rings_and_keeps_nobody_alive() -> None:
    async def main() -> None:
        alarms, sleeper, last = Alarms(asyncio.get_running_loop()), Sleeper(), Sleeper()
        seen = weakref.ref(sleeper)
        alarms.set(0.1, sleeper).cancel()
        del sleeper
        gc.collect()
        assert seen() is None
        alarms.set(0.2, last)
        await until(lambda: last.woken)

    run(main())


def test_whoever_is_woken_may_set_the_next_alarm() -> None:
    class Insomniac(Sleeper):
        def __init__(self, alarms: Alarms) -> None:
            super().__init__()
            self._alarms = alarms

        def overdue(self, seconds: float) -> None:
            super().overdue(seconds)
            if len(self.woken) < 3:
                self._alarms.set(0.01, self)

    async def main() -> None:
        alarms = Alarms(asyncio.get_running_loop())
        sleeper = Insomniac(alarms)
        alarms.set(0.01, sleeper)
        await until(lambda: len(sleeper.woken) == 3)

    run(main())
