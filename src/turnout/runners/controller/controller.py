"""The controller's two loops: objects to tables, and acknowledged tables to statuses."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from turnout.channels import Bound, Member, Membership, Message, Ports, Programmed, Report
from turnout.kube.reflector import Reflector
from turnout.resources.kinds import KINDS
from turnout.resources.set import ResourceSet
from turnout.runners.controller.addresses import Addresses
from turnout.runners.controller.channel import Peer, serve
from turnout.runners.controller.credentials import credentials_by_address
from turnout.runners.controller.due import Due
from turnout.runners.controller.metrics import Metrics
from turnout.runners.controller.parts import Parts
from turnout.runners.controller.relevance import Relevance
from turnout.runners.controller.reports import Reports
from turnout.runners.controller.rollouts import Rollouts
from turnout.runners.controller.snapshot import Snapshot
from turnout.runners.controller.statuses import StatusWrite, StatusWriter
from turnout.store import ApiError, Provider, UnreachableError, served_as
from turnout.translate import Facts, Translation, Translator
from turnout.translate.accesses import Accesses
from turnout.translate.gateways import open_gateways, table_listeners
from turnout.translate.membership import host_names, membership, same_members
from turnout.translate.stored import status_name

log = logging.getLogger("turnout.runners")

KIND_NAMES = (
    "Namespace",
    "GatewayClass",
    "Gateway",
    "HTTPRoute",
    "ReferenceGrant",
    "InferencePool",
    "ModelServer",
    "InferenceRollout",
    "GatewayParameters",
    "InferenceObjective",
    "InferenceModel",
    "InferenceModelRewrite",
    "LoRAAdapter",
    "InferencePoolPolicy",
    "Secret",
    "ConfigMap",
)
HOLD_OFF = 0.003
"""Seconds between a change and its table: what comes in between goes into the same table."""
ECHO_SECONDS = 0.25
"""How often statuses that somebody has written are looked at, to see that ours are there. They change no table."""
LONGEST_REST = 0.2
"""Seconds: in a storm of changes the loop rests as long as it works, so that acknowledgements are heard."""
ACKNOWLEDGE_SECONDS = 5.0
WRITE_SECONDS = 1.0
PORT_SECONDS = 5.0
RETRY_PORTS_SECONDS = 30.0
METRICS_SECONDS = 0.5
"""Between two writes of the metrics: the page is never as old as a second."""
CATCH_UP_SECONDS = 0.05
CATCH_UP_SHARE = 0.1
"""How much of the time may go into listing kinds that say nothing of themselves."""


class Plan(msgspec.Struct, frozen=True):
    """What is to be told once every live worker has acknowledged table `version`."""

    version: int
    resource_version: int
    writes: tuple[StatusWrite, ...]


class Controller:
    """Everything of one controller process; `run` is its life.

    `gateway` is where the first HTTP listener is served; `clock` gives seconds of CLOCK_MONOTONIC.
    """

    def __init__(
        self, provider: Provider, run: Path, gateway: tuple[str, int], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.reports = Reports()
        self.metrics = Metrics(run, self.reports)
        self._path = run / "controller.sock"
        self._clock = clock
        self._dirty = asyncio.Event()
        self._moved = asyncio.Event()
        kinds = {status_name(kind.kind, kind.group): kind for kind in KINDS if kind.kind in KIND_NAMES}
        self._reflectors = {name: Reflector(provider, served_as(kind), self._changed) for name, kind in kinds.items()}
        self._others = [each for name, each in self._reflectors.items() if name != "InferenceRollout"]
        self._snapshot = Snapshot({name: (kinds[name], each) for name, each in self._reflectors.items()})
        self._resources = ResourceSet()
        self._translator = Translator()
        self._table_parts = Parts()
        self._due = Due(self._reflectors)
        self._addresses = Addresses(self._touch)
        self._writer = StatusWriter(provider, self._reflectors, self._touch)
        self.rollouts = Rollouts(provider, run, self._reflectors, self._every_worker_has, self._dirty.set)
        self._relevance = Relevance()
        self._gateway = gateway
        self._unavailable: dict[int, str] = {}
        self._peers: list[Peer] = []
        self._touched = True
        self._edits = -1
        self._echoes = 0
        self._echoes_after = 0.0
        self._echoes_awaited = False
        self._version = 0
        self._parts: dict[str, bytes] = {}
        self._membership = Membership({})
        self._accesses: Accesses | None = None
        self._ports = Ports(())
        self._ports_awaited = 0
        self._ports_deadline = 0.0
        self._plan: Plan | None = None
        self._planned = asyncio.Event()
        self._acknowledged = asyncio.Event()

    async def run(self) -> None:
        """Serves and follows until cancelled. Nobody is told anything before every kind has been listed once."""
        server = await serve(self._path, self)
        try:
            async with asyncio.TaskGroup() as tasks:
                for reflector in self._reflectors.values():
                    tasks.create_task(reflector.run())
                tasks.create_task(self._addresses.run())
                tasks.create_task(self._follow())
                tasks.create_task(self._program())
                tasks.create_task(self._retry_ports())
                tasks.create_task(self._catch_up())
                tasks.create_task(self.rollouts.run())
                tasks.create_task(self._measure())
        finally:
            server.close()
            for peer in self._peers:
                peer.close()
            await self._writer.close()
            self._path.unlink(missing_ok=True)

    # ── objects → tables ────────────────────────────────────────────────────────────────────────────────────────────

    async def _follow(self) -> None:
        for reflector in self._reflectors.values():
            await reflector.synced.wait()
        rested = 0.0
        while True:
            await self._dirty.wait()
            await asyncio.sleep(max(HOLD_OFF, rested - self._clock()))
            self._dirty.clear()
            began = self._clock()
            try:
                self._synchronise()
            except Exception:
                # A fault of ours in one object's translation must not take the table away that everything else uses.
                log.exception("the table stays as it was")
            ended = self._clock()
            rested = ended + min(LONGEST_REST, ended - began)

    async def _catch_up(self) -> None:
        """Keeps a waiting parent from waiting for a bookmark: a kind without changes does not say how far it is."""
        while True:
            await self._moved.wait()
            await asyncio.sleep(CATCH_UP_SECONDS)
            self._moved.clear()
            newest = max(reflector.position for reflector in self._reflectors.values())
            behind = [each for each in self._reflectors.values() if each.synced.is_set() and each.position < newest]
            if not behind or not any(self._of("parent")):
                continue
            began = self._clock()
            for outcome in await asyncio.gather(*(each.refresh() for each in behind), return_exceptions=True):
                if isinstance(outcome, BaseException) and not isinstance(outcome, ApiError | UnreachableError):
                    raise outcome
            await asyncio.sleep((self._clock() - began) / CATCH_UP_SHARE)

    def _changed(self) -> None:
        self._dirty.set()
        self._moved.set()

    def _touch(self) -> None:
        """Something other than an object has changed that tables or statuses are made from."""
        self._touched = True
        self._dirty.set()

    def _synchronise(self) -> None:
        position = min(reflector.position for reflector in self._reflectors.values())
        edits = sum(reflector.edits for reflector in self._others)
        moved = self._relevance.moved(self._reflectors["InferenceRollout"].documents)
        if self._touched or moved or edits != self._edits or self._echoes_due():
            everything, self._touched, self._edits = self._touched, False, edits
            self._rebuild(self._snapshot.read(), everything=everything)
        else:
            self.rollouts.follow()
        if not self._ports_awaited:
            self._plan = Plan(self._version, position, self._due.writes)
            self._planned.set()

    def _echoes_due(self) -> bool:
        """Whether it is time to look at the statuses that were written since the last look; it is seen to otherwise."""
        wait = self._echoes_after - self._clock()
        if self._echoes == sum(reflector.echoes for reflector in self._others):
            return False
        if wait > 0 and not self._echoes_awaited:
            self._echoes_awaited = True
            asyncio.get_running_loop().call_later(wait, self._look_at_echoes)
        return wait <= 0

    def _look_at_echoes(self) -> None:
        self._echoes_awaited = False
        self._dirty.set()

    def _rebuild(self, resources: ResourceSet, *, everything: bool) -> None:
        """Costs what has changed since the last time. `everything`: more than the objects may have."""
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        host, port = self._gateway
        facts = Facts(gateway_port=port, address=host, unavailable=self._unavailable, now=now)
        translation = self._translator.translate(resources, facts)
        self._publish(self._table_parts.of(translation.table))
        self.reports.totals.shares.wanted(translation.table)
        self._due.look(translation.statuses, everywhere=everything)
        self._ask_for_ports(resources, facts, translation)
        moved = translation.accesses is not self._accesses
        if everything or moved or not same_members(self._resources, resources):
            self._tell_members(resources, translation)
        self._resources = resources
        self._echoes = sum(reflector.echoes for reflector in self._others)
        self._echoes_after = self._clock() + ECHO_SECONDS
        self.rollouts.built(translation.rollouts, self._version)

    def _publish(self, wanted: dict[str, bytes]) -> None:
        if wanted is self._parts and self._version:
            return
        # One version per millisecond at most, so that a successor, which begins at its own clock, is always above.
        self._version = max(self._version + 1, int(self._clock() * 1000))
        self._parts = wanted
        for peer in self._of("worker"):
            peer.publish(self._version, wanted)

    def _ask_for_ports(self, resources: ResourceSet, facts: Facts, translation: Translation) -> None:
        """Asks for every port that the Gateways want, those included that could not be bound when last asked for."""
        listeners = translation.table.listeners
        if facts.unavailable:
            gateways = open_gateways(resources, msgspec.structs.replace(facts, unavailable={}))
            listeners = table_listeners(gateways, {})
        ports = Ports(tuple(sorted({listener.served_port for listener in listeners})))
        if ports != self._ports:
            self._ports = ports
            self._send_ports()

    def _send_ports(self) -> None:
        parents = list(self._of("parent"))
        for peer in parents:
            peer.send(self._ports)
        if parents:
            self._ports_awaited += 1
            self._ports_deadline = self._clock() + PORT_SECONDS
            asyncio.get_running_loop().call_later(PORT_SECONDS, self._give_up_ports, self._ports_deadline)

    def _give_up_ports(self, deadline: float) -> None:
        if self._ports_awaited and self._ports_deadline == deadline:
            log.warning("the parent has not said within %.0f s which ports are bound", PORT_SECONDS)
            self._ports_awaited = 0
            self._dirty.set()

    async def _retry_ports(self) -> None:
        while True:
            await asyncio.sleep(RETRY_PORTS_SECONDS)
            if self._unavailable:
                self._send_ports()

    def _tell_members(self, resources: ResourceSet, translation: Translation) -> None:
        self._accesses = translation.accesses
        self._addresses.want(host_names(resources))
        found = membership(resources, self._addresses.known, self._accesses)
        message = Membership(
            {pool: tuple(Member(*each) for each in members) for pool, members in found.items()},
            credentials_by_address(found, translation.table),
        )
        self.rollouts.equip(message.credentials)
        if message != self._membership:
            self._membership = message
            for peer in self._of("scraper"):
                peer.send(message)

    # ── acknowledged tables → statuses ──────────────────────────────────────────────────────────────────────────────

    async def _program(self) -> None:
        while True:
            await self._planned.wait()
            self._planned.clear()
            plan = self._plan
            if plan is None:
                continue
            complete = await self._wait_for_workers(plan.version)
            self._due.handed(plan.writes)
            await self._writer.write(plan.writes, WRITE_SECONDS)
            if complete:
                self._tell_programmed(plan)

    async def _wait_for_workers(self, version: int) -> bool:
        """Waits until there is a worker and every live one has acknowledged; False if that took too long."""
        try:
            async with asyncio.timeout(ACKNOWLEDGE_SECONDS):
                while not self._all_acknowledged(version):
                    self._acknowledged.clear()
                    await self._acknowledged.wait()
        except TimeoutError:
            late = [peer for peer in self._of("worker") if peer.acknowledged < version]
            for peer in late:
                peer.late = True
            names = ", ".join(str(peer) for peer in late) or "there is no worker"
            log.warning("table %d: not acknowledged within %.0f s: %s", version, ACKNOWLEDGE_SECONDS, names)
            return False
        return True

    def _all_acknowledged(self, version: int) -> bool:
        workers = [peer for peer in self._of("worker") if not peer.late]
        return bool(workers) and all(peer.acknowledged >= version for peer in workers)

    def _every_worker_has(self, version: int) -> bool:
        """Unlike `_all_acknowledged` this waits for late workers too: they serve by an older table."""
        workers = list(self._of("worker"))
        return bool(workers) and all(peer.acknowledged >= version for peer in workers)

    async def _measure(self) -> None:
        """Keeps the shares and the endpoints of the metrics up to date."""
        while True:
            if self._every_worker_has(self._version):
                self.reports.totals.shares.served()
            self.metrics.states = self.rollouts.states
            self.metrics.write()
            await asyncio.sleep(METRICS_SECONDS)

    def _tell_programmed(self, plan: Plan) -> None:
        workers = tuple(sorted({peer.worker for peer in self._of("worker") if peer.acknowledged >= plan.version}))
        for peer in self._of("parent"):
            peer.send(Programmed(plan.version, plan.resource_version, workers))

    # ── peers ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def joined(self, peer: Peer) -> None:
        """Gives a new peer all that it should know."""
        log.info("%s is here (process %d)", peer, peer.pid)
        self._peers.append(peer)
        if peer.role == "worker" and self._version:
            peer.publish(self._version, self._parts)
        elif peer.role == "scraper" and self._version:
            peer.send(self._membership)
        elif peer.role == "parent" and self._version:
            self._send_ports()
            self._changed()

    def left(self, peer: Peer) -> None:
        """Waits for the peer no longer."""
        log.info("%s is gone (process %d)", peer, peer.pid)
        self._peers.remove(peer)
        if peer.role == "worker":
            self.reports.gone(peer.worker, peer.pid)
            self._acknowledged.set()
            self.rollouts.acknowledged()
        elif peer.role == "parent":
            self._ports_awaited = 0
            self._dirty.set()

    def received(self, peer: Peer, message: Message) -> None:
        """Takes in an acknowledgement, a report or the parent's word on ports."""
        match message:
            case Report():
                gap = self.reports.add(peer.worker, peer.pid, message)
                if gap:
                    log.warning("%d reports of %s are missing", gap, peer)
                self.rollouts.reported(peer.worker, peer.pid, message)
            case Bound(failed):
                self._ports_awaited = max(0, self._ports_awaited - 1)
                self._touched = self._touched or failed != self._unavailable
                self._unavailable = failed
                self._dirty.set()
            case _:  # an acknowledgement, which the peer has taken down
                self._acknowledged.set()
                self._planned.set()
                self.rollouts.acknowledged()

    def _of(self, role: str) -> Iterable[Peer]:
        return (peer for peer in self._peers if peer.role == role)
