"""All endpoints of all pools: who is watched, how often, and what is told of it."""

import asyncio
import logging
import time

from turnout.channels import EndpointStates, Member, Membership
from turnout.channels.inflight import FullError, InflightFile
from turnout.endpoints import Endpoint
from turnout.endpoints.engines import find_engine
from turnout.endpoints.pacing import SCRAPE_SECONDS, scrape_interval
from turnout.scrape.board import Board
from turnout.scrape.probe import Prober
from turnout.scrape.watch import Watch

log = logging.getLogger("turnout.scrape")

POST_SECONDS = 0.05
"""At least, between two posts."""
SETTLE_SECONDS = 1.0
"""At most, until the first post. Workers keep what a predecessor told them, and every endpoint is unready until it was
looked at: a post before that would take them all out."""
MEASURE_SECONDS = 0.25
"""At least, of CPU time measured for one decision on the pace."""


class Scraper:
    """Watches each distinct address of the membership and posts what it finds to the board."""

    def __init__(self, prober: Prober, board: Board, inflight: InflightFile) -> None:
        self.interval = SCRAPE_SECONDS
        self._prober = prober
        self._board = board
        self._inflight = inflight
        self._membership: Membership | None = None
        self._arrived = asyncio.Event()
        self._watches: dict[str, Watch] = {}
        self._slots: dict[str, int] = {}
        self._news = asyncio.Event()
        self._tasks = asyncio.TaskGroup()

    async def run(self) -> None:
        """Never ends unless cancelled, or by an error of ours."""
        async with self._tasks as tasks:
            tasks.create_task(self._post(), name="post")
            tasks.create_task(self._set_pace(), name="pace")

    def take(self, membership: Membership) -> None:
        """Watches these endpoints from here on; what is known of those that stay is kept."""
        self._prober.equip(membership.credentials)
        engines: dict[str, str] = {}
        for member in _members(membership):
            engines.setdefault(member.address, member.engine)
        for address, watch in list(self._watches.items()):
            if engines.get(address) != watch.engine.name:
                watch.stop()
                del self._watches[address]
        self._inflight.keep(engines)
        self._slots = self._rows(engines)
        for address in self._slots:
            if address not in self._watches:
                place = self._slots[address]
                watch = Watch(address, find_engine(engines[address]), self._prober, self, self._news.set, place)
                self._watches[address] = watch
                watch.start(self._tasks)
        self._membership = membership
        self._arrived.set()
        self._news.set()

    def states(self) -> EndpointStates:
        """What is known of every endpoint. An endpoint for which the in-flight file has no row is left out."""
        assert self._membership is not None, "there is no membership yet"
        return EndpointStates(
            {
                pool: tuple(self._endpoint(member) for member in members if member.address in self._slots)
                for pool, members in self._membership.pools.items()
            }
        )

    def _endpoint(self, member: Member) -> Endpoint:
        watch = self._watches[member.address]
        health, load = watch.health, watch.load
        return Endpoint(
            name=member.name,
            address=member.address,
            slot=self._slots[member.address],
            ready=health.ready,
            checked=health.checked,
            waiting=load.waiting,
            running=load.running,
            kv_usage=load.kv_usage,
            secured=member.secured,
        )

    def _rows(self, addresses: dict[str, str]) -> dict[str, int]:
        slots = {}
        for address in addresses:
            try:
                slots[address] = self._inflight.slot_for(address)
            except (FullError, ValueError) as error:
                log.error("%s is left out: %s", address, error)  # noqa: TRY400 - the message says all
        return slots

    async def _post(self) -> None:
        await self._arrived.wait()
        try:
            async with asyncio.timeout(SETTLE_SECONDS):
                while not all(watch.probed for watch in self._watches.values()):
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            late = [watch.address for watch in self._watches.values() if not watch.probed]
            log.info("not waiting for %s", ", ".join(late))
        while True:
            self._news.clear()
            self._board.post(self.states())
            await asyncio.sleep(POST_SECONDS)
            await self._news.wait()

    async def _set_pace(self) -> None:
        while True:
            began, cpu = time.monotonic(), time.process_time()
            await asyncio.sleep(max(MEASURE_SECONDS, self.interval))
            cycles = (time.monotonic() - began) / self.interval
            self.interval = scrape_interval((time.process_time() - cpu) / cycles)


def _members(membership: Membership) -> list[Member]:
    return [member for _, members in sorted(membership.pools.items()) for member in members]
