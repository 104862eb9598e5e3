"""One address, watched: a loop for its health and one for its load, so that a slow answer delays nothing else."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Protocol

from turnout.endpoints.engines import Engine
from turnout.endpoints.health import NEW, Failure, Health, after_probe
from turnout.endpoints.metrics import UNKNOWN, Load, read_load
from turnout.endpoints.pacing import health_interval, phase, until_beat
from turnout.scrape.probe import Prober

log = logging.getLogger("turnout.scrape")


class Pace(Protocol):
    """How often endpoints are asked."""

    interval: float
    """Seconds from one scrape of an endpoint to its next."""


class Watch:
    """What is known of one address. `changed` is called after each change; `probed` is set after the first check.

    `place` is its number among the addresses: those near each other are asked together.
    """

    def __init__(
        self, address: str, engine: Engine, prober: Prober, pace: Pace, changed: Callable[[], None], place: int = 0
    ) -> None:
        self.address = address
        self.engine = engine
        self.health: Health = NEW
        self.load: Load = UNKNOWN
        self.probed = False
        self._prober = prober
        self._pace = pace
        self._changed = changed
        self._late = phase(place)
        self._ready = asyncio.Event()
        self._doubt = asyncio.Event()
        self._tasks: tuple[asyncio.Task[None], ...] = ()

    def start(self, tasks: asyncio.TaskGroup) -> None:
        """Watches from here on, within `tasks`."""
        self._tasks = (
            tasks.create_task(self._follow_health(), name=f"health of {self.address}"),
            tasks.create_task(self._follow_load(), name=f"load of {self.address}"),
        )

    def stop(self) -> None:
        """Ends the watch."""
        for task in self._tasks:
            task.cancel()

    async def _follow_health(self) -> None:
        while True:
            self._doubt.clear()
            began = time.monotonic()
            outcome = await self._prober.get(self.address, self.engine.health_path)
            self._take_health(outcome if isinstance(outcome, Failure) else outcome.status, began)
            pause = health_interval(self._pace.interval, ready=self.health.ready, silent=self.health.silences > 0)
            try:
                async with asyncio.timeout(until_beat(time.monotonic(), pause, self._late)):
                    await self._doubt.wait()
            except TimeoutError:
                continue

    def _take_health(self, outcome: Failure | int, began: float) -> None:
        health = after_probe(self.health, outcome, began)
        if health.ready != self.health.ready or not self.probed:
            reason = outcome.value if isinstance(outcome, Failure) else f"{self.engine.health_path} says {outcome}"
            log.info("%s is %s: %s", self.address, "ready" if health.ready else "not ready", reason)
        self.health = health
        self.probed = True
        if health.ready:
            self._ready.set()
        else:
            self._ready.clear()
            self.load = UNKNOWN
        self._changed()

    async def _follow_load(self) -> None:
        while True:
            await self._ready.wait()
            began = time.monotonic()
            outcome = await self._prober.get(self.address, self.engine.metrics_path)
            if isinstance(outcome, Failure):
                self._take_failure(outcome, began)
            elif self._ready.is_set():
                known = outcome.status == 200 and outcome.body is not None
                self._take_load(read_load(outcome.body or b"", self.engine) if known else UNKNOWN)
            await asyncio.sleep(until_beat(time.monotonic(), self._pace.interval, self._late))

    def _take_load(self, load: Load) -> None:
        if load != self.load:
            self.load = load
            self._changed()

    def _take_failure(self, failure: Failure, began: float) -> None:
        """Unknown numbers. Who takes no connection is not ready; the health check then says whether that lasts.

        A scrape that was given up after a newer health check found the endpoint ready only has that asked again.
        """
        self._take_load(UNKNOWN)
        if failure is Failure.UNREACHABLE and self._ready.is_set() and began >= self.health.checked:
            self._take_health(failure, began)
        if failure is not Failure.SILENT:
            self._doubt.set()
