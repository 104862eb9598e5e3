"""Times after which something is broken off, without a timer of asyncio for any of them."""

from asyncio import AbstractEventLoop
from typing import Protocol

from turnout.proxy.deadlines import TICK, Deadlines


class Sleeper(Protocol):
    """Whom an alarm wakes."""

    def overdue(self, seconds: float) -> None:
        """So many seconds are over, and the alarm was not cancelled."""


class Alarm:
    """Rings once, unless it is cancelled."""

    __slots__ = ("_seconds", "_sleeper")

    def __init__(self, seconds: float, sleeper: Sleeper) -> None:
        self._seconds = seconds
        self._sleeper: Sleeper | None = sleeper

    def cancel(self) -> None:
        """Forgets whom it was for: it lies in the wheel until its time, and keeps nothing alive there."""
        self._sleeper = None

    def ring(self) -> None:
        """Its time is over."""
        sleeper = self._sleeper
        if sleeper is not None:
            self._sleeper = None
            sleeper.overdue(self._seconds)


class Alarms:
    """One worker's. The wheel turns only while an alarm is in it; one rings within two ticks of its time."""

    __slots__ = ("_loop", "_turning", "_wheel")

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop = loop
        self._turning = False
        self._wheel: Deadlines[Alarm] = Deadlines(loop.time())

    def set(self, seconds: float, sleeper: Sleeper) -> Alarm:
        """An alarm that rings in that many seconds."""
        alarm = Alarm(seconds, sleeper)
        self._wheel.add(self._loop.time() + seconds, alarm)
        if not self._turning:
            self._turning = True
            self._loop.call_later(TICK, self._turn)
        return alarm

    def _turn(self) -> None:
        self._turning = False
        for alarm in self._wheel.due(self._loop.time()):
            alarm.ring()
        if not self._turning and not self._wheel.empty:
            self._turning = True
            self._loop.call_later(TICK, self._turn)
