"""The endpoints of all pools, each with a task that keeps what is known of it fresh."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping

import aiohttp
from msgspec.structs import replace

from turnout.channels import Member
from turnout.channels.inflight import FullError, InflightFile
from turnout.endpoints import ENGINES, Endpoint, read_load
from turnout.endpoints.health import Health, due, observe
from turnout.endpoints.metrics import UNKNOWN, Load
from turnout.endpoints.pacing import FASTEST, scrape_interval
from turnout.scrape.probe import check_health, fetch_metrics

log = logging.getLogger("turnout.scrape")

MEASURE = 1.0
"""Seconds over which the cost of a scrape is measured."""


class Poller:
    """Follows a membership; `changed` is called whenever anything that a pick depends on has changed."""

    def __init__(self, session: aiohttp.ClientSession, rows: InflightFile, changed: Callable[[], None]) -> None:
        self._session = session
        self._rows = rows
        self._changed = changed
        self._members: dict[str, tuple[Member, ...]] = {}
        self._states: dict[str, Endpoint] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._interval = FASTEST
        self._scrapes = 0

    def follow(self, members: Mapping[str, tuple[Member, ...]]) -> None:
        """Takes in a whole new membership; what is known of endpoints that stay is kept."""
        self._members = dict(members)
        wanted = {each.address: each for pool in members.values() for each in pool}
        for address in self._tasks.keys() - wanted.keys():
            self._tasks.pop(address).cancel()
            self._states.pop(address, None)
            self._rows.release(address)
        for address in wanted.keys() - self._tasks.keys():
            self._begin(wanted[address])
        self._changed()

    def states(self) -> dict[str, tuple[Endpoint, ...]]:
        """What is known of each pool's endpoints, in the order of the membership."""
        return {
            pool: tuple(
                replace(self._states[each.address], name=each.name) for each in members if each.address in self._states
            )
            for pool, members in self._members.items()
        }

    async def pace(self) -> None:
        """Stretches the interval so that scraping stays within its share of a core, until cancelled."""
        while True:
            scrapes, cpu = self._scrapes, time.process_time()
            await asyncio.sleep(MEASURE)
            done = self._scrapes - scrapes
            if done:
                self._interval = scrape_interval(len(self._tasks), (time.process_time() - cpu) / done)

    async def close(self) -> None:
        """Ends every task."""
        tasks = list(self._tasks.values())
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, member: Member) -> None:
        try:
            slot = self._rows.slot_for(member.address)
        except (FullError, ValueError) as error:
            log.error("%s is left out: %s", member.name, error)  # noqa: TRY400 - the message says all
            return
        self._states[member.address] = Endpoint(member.name, member.address, slot, ready=False, checked=0.0)
        self._tasks[member.address] = asyncio.create_task(self._keep(member), name=f"scrape {member.address}")

    async def _keep(self, member: Member) -> None:
        health, load = Health(), UNKNOWN
        while True:
            began = time.monotonic()
            health, load = await self._look(member, health, load)
            self._scrapes += 1
            self._learn(member.address, health, load)
            await asyncio.sleep(max(0.0, began + self._interval - time.monotonic()))

    async def _look(self, member: Member, health: Health, load: Load) -> tuple[Health, Load]:
        """One round: the load of a ready endpoint, and its health when that is due or the load could not be had."""
        refused = False
        if health.ready:
            page = await fetch_metrics(self._session, member.address)
            refused = page == "refused"
            load = read_load(page, ENGINES[member.engine]) if isinstance(page, bytes) else UNKNOWN
        if refused or due(health, time.monotonic()):
            outcome = await check_health(self._session, member.address)
            health = observe(health, outcome, time.monotonic())
        return health, load if health.ready else UNKNOWN

    def _learn(self, address: str, health: Health, load: Load) -> None:
        old = self._states[address]
        new = replace(
            old,
            ready=health.ready,
            checked=health.checked,
            waiting=load.waiting,
            running=load.running,
            kv_usage=load.kv_usage,
        )
        if old.ready != new.ready:
            log.info("%s (%s) is %s", old.name, address, "ready" if new.ready else "not ready")
        self._states[address] = new
        if new != old:
            self._changed()
