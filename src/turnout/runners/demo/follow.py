"""A rollout moves the weights; the demo only watches its status, as a user would."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from rich.live import Live

from turnout.kube.client import Client
from turnout.runners.demo import live
from turnout.runners.demo.load import Load
from turnout.runners.demo.plant import Servers
from turnout.runners.demo.report import Ending, Mark
from turnout.runners.demo.scenario import ROLLOUT, Scenario, rollout
from turnout.store import ApiResource

ROLLOUTS = ApiResource("turnout.dev", "v1alpha1", "inferencerollouts", "InferenceRollout", namespaced=True)
LONGEST = 90.0
"""Seconds after which a rollout that has not ended is given up."""
AFTERWARDS = 3.0
"""Seconds of load after the end: it must hold."""
OUTAGE_AFTER = 3.0
"""Seconds at the first weight before a shared outage begins."""
LATEST_NEWS = 0.05
"""Seconds by which a status may have been seen later than it came true."""


class Follower:
    """What was seen of the rollout: its latest status, and a mark for each weight that came into force."""

    def __init__(self, screen: Live) -> None:
        self.status: dict[str, Any] = {}
        self.marks: list[Mark] = []
        self.story: list[str] = []
        self._screen = screen
        self._said = ""
        self._moved: float | None = None

    @property
    def ended(self) -> bool:
        """Whether it will not move by itself any more."""
        return self.status.get("phase") in ("Healthy", "Degraded", "Paused")

    def see(self, status: dict[str, Any]) -> None:
        """Takes in a status."""
        if not status.get("phase"):
            return
        self.status = status
        now = time.monotonic()
        weights = status.get("weights") or {}
        effective = int(weights.get("effective", 0))
        pair = (100 - effective, effective)
        if int(weights.get("desired", 0)) != effective and self._moved is None:
            self._moved = now - LATEST_NEWS
        if not self.marks or self.marks[-1].weights != pair:
            self.marks.append(Mark(pair, self._decided(now), now))
            self._moved = None
        said = f"{status.get('phase')} {status.get('step', '')} {effective} % {status.get('reason')}"
        if said != self._said:
            self._said = said
            line = f"{effective:3d} % on the candidate  {status.get('phase')}/{status.get('reason')}"
            self.story.append(f"{line}: {status.get('message', '')}".rstrip(": "))
            self._screen.console.print(self.story[-1], style="dim")

    def _decided(self, now: float) -> float:
        """When the weight was decided: the engine says so of an abort, to the millisecond."""
        outcome = (self.status.get("engine") or {}).get("outcome")
        if outcome and self.status.get("completionStatus") == "Aborted":
            return float(outcome["at"]) - time.time() + time.monotonic()
        return now - LATEST_NEWS if self._moved is None else self._moved


async def follow(
    scenario: Scenario, client: Client, load: Load, servers: Sequence[Servers], screen: Live
) -> tuple[list[Mark], Ending]:
    """Creates the rollout and follows it to its end."""
    follower = Follower(screen)
    created = await client.create(ROLLOUTS, "default", rollout(scenario.pools))
    screen.console.print(f"created InferenceRollout {ROLLOUT}: {scenario.pools.stable} → {scenario.pools.candidate}")
    tasks = [asyncio.create_task(_watch(client, created["metadata"]["resourceVersion"], follower))]
    if scenario.outage:
        tasks.append(asyncio.create_task(_outage(scenario, follower, servers)))
    try:
        await _show(scenario, follower, load, screen)
    finally:
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome
    return follower.marks, _ending(scenario, follower)


async def _show(scenario: Scenario, follower: Follower, load: Load, screen: Live) -> None:
    """Frames until the rollout has ended and a while after, or until it takes too long."""
    now = time.monotonic()
    end, given_up = now + LONGEST, now + LONGEST
    while now < end:
        screen.update(live.rollout(scenario, follower.status, load.samples, load.open, now))
        await asyncio.sleep(live.FRAME)
        now = time.monotonic()
        if follower.ended and end == given_up:
            end = now + AFTERWARDS


async def _watch(client: Client, version: str, follower: Follower) -> None:
    while True:
        async for event in client.watch(ROLLOUTS, version, "default"):
            document = getattr(event, "document", None)
            if document is not None:
                version = document["metadata"]["resourceVersion"]
                follower.see(document.get("status") or {})


async def _outage(scenario: Scenario, follower: Follower, servers: Sequence[Servers]) -> None:
    while not any(mark.weights[1] for mark in follower.marks):
        await asyncio.sleep(0.1)
    await asyncio.sleep(OUTAGE_AFTER)
    await asyncio.gather(*(each.start(scenario.outage) for each in servers))


def _ending(scenario: Scenario, follower: Follower) -> Ending:
    status = follower.status
    phase, how = status.get("phase", "Unknown"), status.get("completionStatus") or status.get("reason", "")
    return Ending(
        result=f"{phase}/{how}",
        expected=(phase, how) == scenario.ends,
        story=tuple(follower.story),
        outage=bool(scenario.outage),
    )
