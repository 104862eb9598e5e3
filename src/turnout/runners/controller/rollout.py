"""One InferenceRollout: its engine is told what happens, and what the engine wants is done.

A turn changes the state in memory. What follows from it is done only once the state is stored, so that a crash at any
moment leaves a state from which the same follows again.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable, Coroutine
from typing import Any

from msgspec.structs import replace

from turnout.channels import Report
from turnout.kube.backoff import pause
from turnout.resources.document import Document
from turnout.resources.inferencerollout import RolloutSpec
from turnout.rollout.events import (
    Deleted,
    Event,
    PreflightResult,
    Readiness,
    Tick,
    WeightsAcknowledged,
)
from turnout.rollout.instructions import Instruction, RunPreflight, StartTimer, WriteStatus
from turnout.rollout.machine import step
from turnout.rollout.preflight import checked
from turnout.rollout.routes import deletion_blocked
from turnout.rollout.state import ACTIVE, State
from turnout.runners.controller import happenings, wishes
from turnout.runners.controller.ledger import Answer, Ledger, entered, noticed, sent
from turnout.runners.controller.observing import observations
from turnout.runners.controller.rolloutdocument import (
    Kept,
    UnreadableError,
    fault_document,
    restored,
    status_document,
)
from turnout.runners.controller.rolloutobject import RolloutObject
from turnout.runners.controller.surroundings import Around, Doors
from turnout.store import ApiError, UnreachableError

log = logging.getLogger("turnout.runners")

COALESCE_SECONDS = 1.0
"""At least, between two writes of which none is urgent."""
MOST_PENDING = 10_000
"""Events that are kept to be told again after a conflict."""


class Rollout:
    """The engine of one object, from its first sight to its end. `run` is its writer."""

    def __init__(self, document: Document, doors: Doors) -> None:
        self._doors = doors
        self._object = RolloutObject(document, doors.provider, doors.resource, doors.stored)
        self.key, self.uid = self._object.key, self._object.uid
        self._kept = Kept()
        self._unreadable = ""
        self._faults: dict[str, str] = {}
        self._pending: list[tuple[Event, float]] = []
        self._todo: list[Instruction] = []
        self._due, self._urgent = asyncio.Event(), asyncio.Event()
        self._written = 0.0
        self._now = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._awaited: tuple[int, int] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._announcing = False
        self._announceable: frozenset[str] = frozenset()
        self._followed = False
        self._restore()

    @property
    def state(self) -> State:
        """The engine's state."""
        return self._kept.state

    @property
    def pools(self) -> tuple[str, str] | None:
        """The keys of the two pools that the engine has to do with; None before it has a plan."""
        plan, namespace = self.state.plan, self.key.partition("/")[0]
        return (f"{namespace}/{plan.stable}", f"{namespace}/{plan.candidate}") if plan is not None else None

    # ── what happens ────────────────────────────────────────────────────────────────────────────────────────────────

    def follow(self, document: Document, around: Around) -> None:
        """The object, and what is around it, as they are."""
        if self._object.take(document):
            self._adopt()
        if not self._followed:
            self._followed = True
            self._resume()
        if self._unreadable:
            self._due.set()
            return
        # What is said of the route is said with this spec's pools in mind: an engine that follows another would err.
        self.tell(around.told)
        if around.route is not None:
            self.tell(around.route)
        self._follow_wishes(around.spec)
        self._follow_deletion()

    def ready(self, stable: int, candidate: int) -> None:
        """How many endpoints of its pools are ready."""
        self.tell(Readiness(stable, candidate))

    def observe(self, source: str, report: Report) -> None:
        """A worker's report; one is told while there is a round that reports can be about."""
        if self.state.stage in ACTIVE and self.state.weights.overlay:
            self.tell(observations(report, source, self.uid, self.state.round, self._kept.ledger.round_seq))

    def carried(self, seq: int, version: int) -> None:
        """Weights number `seq` are in table `version` and those after it."""
        if seq == self.state.weights.acknowledged:
            self._awaited = None
        elif self._awaited is None or self._awaited[0] != seq:
            self._awaited = (seq, version)

    def acknowledged(self, by_all: Callable[[int], bool]) -> None:
        """Workers have acknowledged tables; `by_all` tells of a version whether every one of them has."""
        if self._awaited is not None and by_all(self._awaited[1]):
            seq, self._awaited = self._awaited[0], None
            self.tell(WeightsAcknowledged(seq))

    def tick(self) -> None:
        """Time has passed."""
        if self.state.stage in ACTIVE:
            self.tell(Tick())

    def tell(self, event: Event) -> None:
        """One turn of the engine. A fault of ours is said in the status and ends nothing."""
        if self._unreadable:
            return
        self._now = now = max(self._now, self._doors.clock())
        kind = type(event).__name__
        try:
            after, done = self._turn(event, now)
        except Exception as error:
            # Whatever is wrong with one rollout must not reach the others.
            log.exception("InferenceRollout %s: %s is passed over", self.key, kind)
            self._faults[kind] = f"{kind}: {error!r}"
            self._due.set()
            return
        if self._faults.pop(kind, None) is not None:
            self._due.set()
        if after is self._kept and not done:
            return
        self._kept = after
        self._pending.append((event, now))
        if len(self._pending) > MOST_PENDING:
            del self._pending[: MOST_PENDING // 2]
        self._take_in(done)

    def _turn(self, event: Event, now: float) -> tuple[Kept, tuple[Instruction, ...]]:
        before, ledger = self._kept.state, self._kept.ledger
        state, done = step(before, event, now)
        if state is before and not done:
            return self._kept, ()
        return Kept(state, entered(ledger, before, state, done, self._object.name, now)), done

    def _take_in(self, done: tuple[Instruction, ...]) -> None:
        for one in done:
            match one:
                case StartTimer(at):
                    self._start_timer(at)
                case WriteStatus(urgent):
                    self._urgent.set() if urgent else None
                case _:
                    self._todo.append(one)
        self._due.set()

    def _follow_wishes(self, spec: RolloutSpec | None) -> None:
        ledger = self._kept.ledger
        wish = wishes.annotated(self._object.annotations)
        if isinstance(wish, wishes.Wish):
            self._ask(wishes.asked(wish))
        elif wish and wish != ledger.unreadable:
            ledger = noticed(ledger, self._object.name, "ActionRefused", wish, "Warning", self._doors.clock())
            self._note(replace(ledger, unreadable=wish, answer=Answer("", "", "Refused", wish)))
        if spec is not None:
            ledger, asked = wishes.specified(spec, self.state, self._kept.ledger)
            self._note(ledger)
            if asked is not None:
                self._ask(asked)

    def _ask(self, asked: wishes.Asked) -> None:
        before = self.state.last_action
        self.tell(asked.action)
        if self.state.last_action is not before:
            self._note(wishes.answered(self._kept.ledger, self.state, asked.verb, asked.action.token))

    def _note(self, ledger: Ledger) -> None:
        if ledger != self._kept.ledger:
            self._kept = Kept(self.state, ledger)
            self._urgent.set()
            self._due.set()

    def _follow_deletion(self) -> None:
        if self._object.deleting:
            self.tell(Deleted(self._object.annotations.get(wishes.REVERT) == "true"))
            self._due.set()

    # ── time ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _resume(self) -> None:
        """Takes up what a predecessor may not have come to."""
        state = self.state
        if state.stage in ACTIVE and state.timer:
            self._start_timer(state.timer)
        if state.stage == "Preflight" and state.pause is None:
            self._todo.append(RunPreflight(state.preflight))
        if self._kept.ledger.unsent or self._kept.ledger.pools or self._todo:
            self._due.set()
        self.tick()

    def _start_timer(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        wait = max(0.0, at - self._doors.clock())
        self._timer = asyncio.get_running_loop().call_later(wait, self._ring, at)

    def _ring(self, at: float) -> None:
        self._timer = None
        if self._doors.clock() < at:  # the loop's clock is another one
            self._start_timer(at)
        else:
            self.tell(Tick())

    # ── what is done ────────────────────────────────────────────────────────────────────────────────────────────────

    async def run(self) -> None:
        """Writes what is due until the object is gone. Cancel it to end it earlier."""
        failures = 0
        try:
            while True:
                await self._due.wait()
                await self._rest()
                self._due.clear()
                self._urgent.clear()
                failures = 0 if await self._tried() else failures + 1
                if failures:
                    self._again()
                    await asyncio.sleep(pause(failures, random.random()))  # noqa: S311 - spreads retries
        finally:
            if self._timer is not None:
                self._timer.cancel()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _tried(self) -> bool:
        """One write; False if it must be tried again after a while."""
        try:
            await self._write()
        except ApiError as error:
            if error.conflict:
                self._again()
                await self._reread()
                return True
            if error.not_found:
                return True  # the watch will say so
            log.warning("InferenceRollout %s: %s", self.key, error)
            return False
        except UnreachableError as error:
            log.warning("InferenceRollout %s: %s", self.key, error)
            return False
        except Exception:
            # A fault of ours: later events may bring a state that can be written.
            log.exception("InferenceRollout %s cannot be written", self.key)
            return False
        return True

    def _again(self) -> None:
        """What was due is due, and may have been urgent."""
        self._urgent.set()
        self._due.set()

    async def _rest(self) -> None:
        """Until something is urgent, or the last write is long enough ago."""
        wait = self._written + COALESCE_SECONDS - asyncio.get_running_loop().time()
        if wait > 0 and not self._urgent.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._urgent.wait(), wait)

    async def _write(self) -> None:
        """One write of all that is due, then what follows from it."""
        if not self._object.deleting and not self._unreadable:
            await self._object.hold()
        kept, todo, told = self._kept, self._todo, len(self._pending)
        self._todo = []
        try:
            await self._store_status(kept)
        except BaseException:
            self._todo = [*todo, *self._todo]
            raise
        del self._pending[:told]
        self._written = asyncio.get_running_loop().time()
        for one in todo:
            if isinstance(one, RunPreflight):
                self._start(self._preflight(one.token))
        self._announceable = frozenset(notice.name for notice in kept.ledger.unsent)
        if self._announceable and not self._announcing:
            self._announcing = True
            self._start(self._announce())
        await self._write_pools(kept)
        state = kept.state
        if self._object.deleting and (self._unreadable or (state.deleting and not deletion_blocked(state))):
            await self._object.let_go()

    async def _store_status(self, kept: Kept) -> None:
        old, now = self._object.status, max(self._now, self._doors.clock())
        if self._unreadable:
            status = fault_document(old, self._unreadable, self._object.generation, now)
        else:
            status = status_document(kept, now, old, "; ".join(self._faults.values()))
        await self._object.write_status(status)

    async def _reread(self) -> None:
        """Others have written the object."""
        try:
            foreign = await self._object.reread()
        except (ApiError, UnreachableError):
            return  # the next write will say what is the matter
        if foreign:
            self._adopt()

    def _adopt(self) -> None:
        """Goes on from a status that another has written, with all that was told since the last one of ours."""
        log.warning("InferenceRollout %s: its status was written by another: going on from that", self.key)
        pending, self._pending, self._todo = self._pending, [], []
        self._restore()
        for event, _ in pending:
            self.tell(event)

    def _restore(self) -> None:
        try:
            self._kept, self._unreadable = restored(self._object.status), ""
        except UnreadableError as error:
            # To begin anew would take weights away that are in force: it stands still until somebody decides.
            self._unreadable = f"status.engine cannot be read: {error}"
            log.error("InferenceRollout %s stands still: %s", self.key, self._unreadable)  # noqa: TRY400 - says all
            self._due.set()

    async def _write_pools(self, kept: Kept) -> None:
        """The pools that the engine wants in the spec, unless somebody else has changed it since."""
        pools = kept.ledger.pools
        if pools is None:
            return
        if self._object.generation == pools.generation:
            await self._object.write_pools(pools.stable, pools.candidate)
        if self._kept.ledger.pools == pools:
            self._note(replace(self._kept.ledger, pools=None))

    # ── beside the writes ───────────────────────────────────────────────────────────────────────────────────────────

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("InferenceRollout %s", self.key, exc_info=error)

    async def _preflight(self, token: int) -> None:
        pools = self.pools
        if pools is None or token != self.state.preflight:
            return
        facts = await self._doors.gather(*pools)
        self.tell(PreflightResult(token, checked(facts)))

    async def _announce(self) -> None:
        """Creates the Events of stored notices, in order, until there are none."""
        failures = 0
        try:
            while (notice := next(iter(self._kept.ledger.unsent), None)) and notice.name in self._announceable:
                try:
                    await happenings.announce(self._doors.provider, self._object.document, notice)
                except (ApiError, UnreachableError) as error:
                    failures += 1
                    log.warning("Event %s: %s", notice.name, error)
                    await asyncio.sleep(pause(failures, random.random()))  # noqa: S311 - spreads retries
                    continue
                self._kept = replace(self._kept, ledger=sent(self._kept.ledger, [notice.name]))
        finally:
            self._announcing = False
            self._due.set()
