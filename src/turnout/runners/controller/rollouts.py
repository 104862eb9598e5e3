"""All InferenceRollouts of one controller: each with an engine of its own, told of what concerns it."""

import asyncio
import logging
import os
import time
from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec

from turnout.channels import EndpointStates, Hello, Message, Report
from turnout.channels.credentials import Credentials
from turnout.kube.reflector import Reflector
from turnout.proxy.channel import Channel
from turnout.resources.decode import decode
from turnout.resources.document import Document
from turnout.resources.inferencerollout import InferenceRollout, PoolReference, RolloutSpec, TargetReference
from turnout.resources.kinds import KINDS
from turnout.rollout.events import Refusal, RouteChanged, SpecChanged
from turnout.rollout.preflight import Facts
from turnout.runners.controller.preflight import Asker
from turnout.runners.controller.rollout import Rollout
from turnout.runners.controller.surroundings import Around, Doors
from turnout.store import Provider, revision_of
from turnout.translate.rollouts import RolloutFacts

log = logging.getLogger("turnout.runners")

KIND = next(kind for kind in KINDS if kind.kind == "InferenceRollout")
SETTLE_SECONDS = 1.0
"""After the start no acknowledgement counts for so long: workers of a predecessor are on their way."""
TICK_SECONDS = 1.0
READY_SECONDS = 5.0
"""How long preflight waits for a first ready endpoint."""
POLL_SECONDS = 0.05


class Rollouts:
    """The rollouts that there are. `by_all` tells of a table version whether every worker has acknowledged it.

    `stored` is called when a write of ours has changed an object; `clock` gives seconds since 1970.
    """

    def __init__(
        self,
        provider: Provider,
        run: Path,
        reflectors: Mapping[str, Reflector],
        by_all: Callable[[int], bool],
        stored: Callable[[], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._documents = reflectors["InferenceRollout"]
        self._pools = reflectors["InferencePool"]
        self._by_all = by_all
        self._told_stored = stored
        self._doors = Doors(provider, self._documents.resource, clock, self._stored, self._gather)
        self._rollouts: dict[str, tuple[Rollout, asyncio.Task[None]]] = {}
        self._states: EndpointStates | None = None
        self._facts: Mapping[str, RolloutFacts] = {}
        self._specs: dict[str, tuple[tuple[str, int], RolloutSpec | str]] = {}
        self._line = Channel(run / "scraper.sock", Hello("controller", os.getpid()), self._take)
        self._asker: Asker | None = None
        self._credentials: dict[str, Credentials] = {}
        self._settled = False

    async def run(self) -> None:
        """Runs every rollout until cancelled."""
        self._line.start()
        try:
            async with Asker.opened() as self._asker:
                await asyncio.sleep(SETTLE_SECONDS)
                self._settled = True
                while True:
                    self.acknowledged()
                    for rollout in self._present():
                        rollout.tick()
                    await asyncio.sleep(TICK_SECONDS)
        finally:
            await self._line.stop()
            tasks = [task for _, task in self._rollouts.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    # ── what happens ────────────────────────────────────────────────────────────────────────────────────────────────

    def built(self, facts: Mapping[str, RolloutFacts], version: int) -> None:
        """Table `version` is made from the objects as they are; `facts` are what was found out on the way."""
        self._facts = facts
        self.follow()
        for key, document in self._documents.documents.items():
            weights = (document.get("status") or {}).get("weights") or {}
            seq = weights.get("seq")
            if isinstance(seq, int) and key in self._rollouts:
                self._rollouts[key][0].carried(seq, version)
        self.acknowledged()

    def equip(self, credentials: dict[str, Credentials]) -> None:
        """Preflight asks the servers at these addresses with these credentials from here on."""
        self._credentials = credentials

    def follow(self) -> None:
        """Objects have changed: each rollout is told of its own."""
        documents = self._documents.documents
        for key, (rollout, task) in list(self._rollouts.items()):
            if key not in documents or documents[key]["metadata"]["uid"] != rollout.uid:
                task.cancel()
                del self._rollouts[key]
        self._specs = {key: known for key, known in self._specs.items() if key in documents}
        for key, document in documents.items():
            try:
                self._follow(key, document)
            except Exception:
                # One object's fault is no other's.
                log.exception("InferenceRollout %s is passed over", key)

    def acknowledged(self) -> None:
        """A worker has acknowledged a table, or is gone."""
        if self._settled:
            for rollout in self._present():
                rollout.acknowledged(self._by_all)

    def reported(self, worker: int, pid: int, report: Report) -> None:
        """A worker's report."""
        for rollout in self._present():
            rollout.observe(f"{worker}/{pid}", report)

    @property
    def states(self) -> EndpointStates | None:
        """What the scraper said last; None before its first word."""
        return self._states

    def _take(self, message: Message) -> None:
        if isinstance(message, EndpointStates):
            self._states = message
            for rollout in self._present():
                self._tell_ready(rollout)

    def _present(self) -> list[Rollout]:
        return [rollout for rollout, _ in self._rollouts.values()]

    def _follow(self, key: str, document: Document) -> None:
        if key not in self._rollouts:
            rollout = Rollout(document, self._doors)
            self._rollouts[key] = rollout, asyncio.get_running_loop().create_task(rollout.run(), name=f"rollout {key}")
        rollout = self._rollouts[key][0]
        spec = self._spec(key, document)
        facts = self._facts.get(key)
        if facts is None and isinstance(spec, RolloutSpec):
            return  # newer than the table: what is around it comes with the next one
        rollout.follow(document, self._around(key, document, spec, facts))
        self._tell_ready(rollout)

    def _spec(self, key: str, document: Document) -> RolloutSpec | str:
        """The spec, or why it cannot be read."""
        metadata = document["metadata"]
        version = (metadata["uid"], metadata.get("generation", 0))
        known = self._specs.get(key)
        if known is None or known[0] != version:
            known = version, read_spec(document)
            self._specs[key] = known
        return known[1]

    def _around(self, key: str, document: Document, spec: RolloutSpec | str, facts: RolloutFacts | None) -> Around:
        generation = document["metadata"].get("generation", 0)
        if isinstance(spec, str):
            return Around(SpecChanged(NOTHING, generation, refusal=Refusal("Accepted", "InvalidSpec", spec)), None)
        assert facts is not None
        refusal = facts.refusal
        namespace = key.partition("/")[0]
        told = SpecChanged(
            spec=spec,
            generation=generation,
            stable_revision=self._revision(f"{namespace}/{spec.stable.name}"),
            candidate_revision=self._revision(f"{namespace}/{spec.candidate.name}"),
            refusal=None if refusal is None else msgspec.convert(msgspec.to_builtins(refusal), Refusal),
        )
        route = RouteChanged(facts.fingerprint, facts.candidate_only, facts.lines) if facts.fingerprint else None
        return Around(told, spec, route)

    def _revision(self, pool: str) -> str:
        document = self._pools.documents.get(pool)
        return revision(pool, document) if document is not None else ""

    def _tell_ready(self, rollout: Rollout) -> None:
        pools = rollout.pools
        if pools is not None and self._states is not None:
            rollout.ready(*(len(self._ready(pool)) for pool in pools))

    def _ready(self, pool: str) -> list[str]:
        """Addresses of the pool's ready endpoints."""
        endpoints: Iterable[Any] = self._states.pools.get(pool, ()) if self._states is not None else ()
        return [endpoint.address for endpoint in endpoints if endpoint.ready]

    # ── what is done ────────────────────────────────────────────────────────────────────────────────────────────────

    async def _gather(self, stable: str, candidate: str) -> Facts:
        loop = asyncio.get_running_loop()
        end = loop.time() + READY_SECONDS
        while self._asker is None or (not self._ready(candidate) and loop.time() < end):
            await asyncio.sleep(POLL_SECONDS)
        self._asker.credentials = self._credentials
        return await self._asker.gather(self._ready(stable), self._ready(candidate))

    def _stored(self, document: Document) -> None:
        before = self._documents.documents.get(
            f"{document['metadata'].get('namespace', '')}/{document['metadata']['name']}"
        )
        self._documents.observe(document)
        if before is None or revision_of(document) > revision_of(before):
            self._told_stored()


def read_spec(document: Document) -> RolloutSpec | str:
    """An object's spec; why it cannot be read, if it cannot."""
    try:
        resource = decode(KIND, {**document, "status": {}})
    except msgspec.ValidationError as error:
        return str(error)
    assert isinstance(resource, InferenceRollout)
    return resource.spec


def revision(pool: str, document: Document) -> str:
    """What a pool serves, as a short hash: its name and its spec."""
    spec = msgspec.json.encode(document.get("spec"), order="deterministic")
    return blake2b(pool.encode() + b"\x00" + spec, digest_size=5).hexdigest()


NOTHING = RolloutSpec(TargetReference("none"), PoolReference("none"), PoolReference("other"))
"""Stands where no spec can be read: the engine is told of it together with a refusal only."""
