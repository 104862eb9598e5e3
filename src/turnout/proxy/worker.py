"""A worker: its sockets, its table, its endpoints, its reports and its end."""

import asyncio
import logging
import os
import socket
from collections.abc import Coroutine
from functools import partial
from pathlib import Path

from turnout.channels import (
    Acknowledged,
    EndpointStates,
    Hello,
    Message,
    TablePart,
    TableVersion,
)
from turnout.channels.inflight import InflightFile
from turnout.channels.sightings import open_sightings
from turnout.proxy.channel import Channel
from turnout.proxy.garbage import Garbage
from turnout.proxy.limits import SWEEP, Limits
from turnout.proxy.listeners import Listeners
from turnout.proxy.loop_lag import LoopLag
from turnout.proxy.parts import Parts
from turnout.proxy.reports import REPORT, Reports
from turnout.proxy.state import State
from turnout.proxy.swapper import Swapper
from turnout.telemetry.access_log import AccessLog

log = logging.getLogger("turnout.proxy")

BLIND = 2.0
"""Seconds that a worker with a table waits for the scraper's word before it accepts without it."""
GRACE = 0.5
"""Seconds that an idle client gets to send a request when draining begins, so that it meets no closed connection."""
PATIENT_GRACE = 5.0
"""The same where there is a successor, and no hurry."""
POLL = 0.02


class Worker:
    """One worker process's work, inside a running event loop. It accepts once it has a table and knows endpoints.

    `failed` says that it ended because a part of it broke; the log says which.
    """

    def __init__(
        self,
        number: int,
        folder: Path,
        inflight: InflightFile,
        drain: float,
        limits: Limits | None = None,
        access_log: AccessLog | None = None,
    ) -> None:
        self.ended = asyncio.Event()
        self.accepting = asyncio.Event()
        self.failed = False
        self._loop = asyncio.get_running_loop()
        self._lag = LoopLag(self._loop)
        self._access_log = access_log
        self._reports = Reports(access_log, self._lag)
        column = inflight.column(number)
        sightings = open_sightings(folder / "sightings")
        self.state = State(self._loop, self._reports.add, column, inflight.reader(), limits, sightings)
        self._drain = drain
        self._until = float("inf")
        self._grace = GRACE
        self._take_out = partial(inflight.take_out, number)
        self._listeners = Listeners(self.state)
        self._parts = Parts()
        self._swapper = Swapper(self.state, self._loop, self._served)
        self._garbage = Garbage()
        self._swapped = False
        hello = Hello("worker", os.getpid(), number)
        self._controller = Channel(folder / "controller.sock", hello, self._from_controller, self._reconnected)
        self._scraper = Channel(folder / "scraper.sock", hello, self._from_scraper)
        self._endpoints_known = asyncio.Event()
        self._table_known = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Everything runs from here on, until `ended` is set."""
        self._garbage.freeze()
        self._lag.start()
        self._controller.start()
        self._scraper.start()
        self._spawn(self._open(), "open")
        self._spawn(self._report_on(), "reports")
        self._spawn(self._sweep_on(), "sweep")

    async def close(self) -> None:
        """Lets go of everything, at once."""
        self._listeners.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._lag.stop()
        self._report()
        if self._access_log is not None:
            await self._loop.run_in_executor(None, self._access_log.close)
        await self._controller.stop()
        await self._scraper.stop()
        self.state.mirrors.close()
        await self.state.connections.close()

    # -- control.Ward

    def listen(self, port: int, listener: socket.socket) -> None:
        """Serves `port` on this socket."""
        self._spawn(self._listeners.add(port, listener), f"listen on {port}")

    def stop(self, port: int) -> None:
        """Closes `port`; open connections go on."""
        self._listeners.remove(port)

    def step_aside(self) -> None:
        """Goes on serving, and writes no more to what its successor counts in."""
        counts = self._take_out()
        self.state.column, self.state.in_flight = counts, counts.total

    def drain(self, seconds: float | None = None) -> None:
        """Accepts no more, finishes what is open for at most the time that it has, then ends."""
        self._until = self._loop.time() + (self._drain if seconds is None else seconds)
        self._grace = GRACE if seconds is None else max(GRACE, min(PATIENT_GRACE, seconds / 10))
        if not self.state.draining:
            self.state.draining = True
            self._spawn(self._drain_out(), "drain")

    def orphaned(self) -> None:
        """Ends: nobody would start a successor."""
        log.warning("the parent is gone")
        self.ended.set()

    # -- the channels

    def _reconnected(self) -> None:
        self._parts.reconnected()

    def _from_controller(self, message: Message) -> None:
        match message:
            case TablePart():
                self._parts.take(message)
            case TableVersion():
                self._swapper.take(self._parts.table(message), message.version)
            case EndpointStates():
                self._take_endpoints(message)
            case _:
                log.error("the controller sent a %s, which is not for a worker", type(message).__name__)

    def _served(self, version: int) -> None:
        if self._listeners.stale:
            self._spawn(self._refresh(version), "refresh")
        else:
            self._in_force(version)

    async def _refresh(self, version: int) -> None:
        await self._listeners.refresh()
        self._in_force(version)

    def _in_force(self, version: int) -> None:
        self._swapped = True
        self._table_known.set()
        self._controller.send(Acknowledged(version))
        log.info("table %d is served", version)

    def _from_scraper(self, message: Message) -> None:
        match message:
            case EndpointStates():
                self._take_endpoints(message)
            case _:
                log.error("the scraper sent a %s, which is not for a worker", type(message).__name__)

    def _take_endpoints(self, states: EndpointStates) -> None:
        self.state.endpoints = states.pools
        self._endpoints_known.set()
        self._swapper.look()

    # -- what goes on

    def _spawn(self, work: Coroutine[None, None, None], name: str) -> None:
        task = self._loop.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("%s failed", task.get_name(), exc_info=task.exception())
            self.failed = True
            self.ended.set()

    async def _open(self) -> None:
        await self._table_known.wait()
        try:
            await asyncio.wait_for(self._endpoints_known.wait(), BLIND)
        except TimeoutError:
            log.warning("no word of the scraper within %.0f s: accepting without", BLIND)
        if not self.state.draining:
            await self._listeners.open()
            self.accepting.set()

    async def _report_on(self) -> None:
        while True:
            await asyncio.sleep(REPORT)
            self._report()

    def _report(self) -> None:
        state = self.state
        state.observer.expire()
        self._reports.digest()
        if self._controller.connected:
            self._controller.send(self._reports.report(state.streams, state.view.version, state.observer.take()))

    async def _sweep_on(self) -> None:
        while True:
            await asyncio.sleep(SWEEP)
            self.state.sweep()
            if self._swapped:
                # Before the tick, whose collection would look at every object of a new table.
                self._swapped = False
                self._garbage.freeze()
            self._garbage.tick(busy=any(session.busy() for session in self.state.sessions))

    async def _drain_out(self) -> None:
        began = self._loop.time()
        start = self.state.clock()
        await self._listeners.drain()
        sessions = self.state.sessions
        log.info("draining %d connections", len(sessions))
        while sessions and self._loop.time() < self._until:
            before = self.state.clock() - self._grace
            if before >= start:
                for session in list(sessions):
                    session.close_idle(before)
            await asyncio.sleep(POLL)
        if sessions:
            log.warning("%d connections did not end within %.0f s", len(sessions), self._loop.time() - began)
            for session in list(sessions):
                session.end()
            await asyncio.sleep(POLL)
        self.ended.set()
