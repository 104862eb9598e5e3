"""Rollouts driven by hand: a state, a clock, and what the engine wants done."""

from collections.abc import Mapping
from typing import Any

import msgspec

from turnout.judge import SplitCount
from turnout.resources.inferencerollout import RolloutSpec
from turnout.rollout.events import (
    Check,
    Event,
    PreflightResult,
    Readiness,
    RouteChanged,
    SpecChanged,
    Tick,
    WeightsAcknowledged,
)
from turnout.rollout.instructions import EmitEvent, Instruction, SetWeights
from turnout.rollout.machine import step
from turnout.rollout.observations import Arm, Assigned, Count, KeyLoad, Miss, Observations
from turnout.rollout.state import State
from turnout.rollout.status import RolloutStatus, status_of

PASSED = (Check("CandidateReady", passed=True, reason="EndpointsReady", message="2 endpoints are ready"),)
GATE = {"analysis": {"minDuration": "10s", "minSamples": 20, "maxDuration": "60s"}}


def document(**spec: Any) -> dict[str, Any]:
    """A right spec, with the given fields in place of its own."""
    whole = {
        "targetRef": {"name": "llm-route"},
        "stable": {"name": "llm"},
        "candidate": {"name": "llm-new"},
        "strategy": {"canary": {"steps": [{"setWeight": 10}, GATE, {"setWeight": 50}, GATE]}},
        "analysis": {"metrics": [{"name": "errors", "builtin": "ErrorRate"}]},
    }
    return {**whole, **spec}


def spec(**fields: Any) -> RolloutSpec:
    return msgspec.convert(document(**fields), RolloutSpec)


def canary(*steps: Mapping[str, Any], **rest: Any) -> dict[str, Any]:
    return {"canary": {"steps": list(steps), **rest}}


class Driven:
    """A rollout under way. Every instruction is kept; weights are acknowledged unless `silent`."""

    def __init__(self, state: State | None = None, now: float = 1000.0) -> None:
        self.state = State() if state is None else state
        self.now = now
        self.done: list[Instruction] = []
        self.seq = 0

    def tell(self, event: Event, after: float = 0.0) -> list[Instruction]:
        self.now += after
        self.state, done = step(self.state, event, self.now)
        self.done += done
        return list(done)

    def begin(self, given: RolloutSpec | None = None, revision: str = "c1") -> "Driven":
        """Up to the first weight, which is not acknowledged yet."""
        self.tell(RouteChanged("spec"))
        self.tell(Readiness(2, 2))
        self.tell(SpecChanged(given or spec(), 1, "s1", revision))
        self.tell(PreflightResult(self.state.preflight, PASSED))
        return self

    def acknowledge(self) -> "Driven":
        self.tell(WeightsAcknowledged(self.state.weights.seq))
        return self

    def report(
        self,
        stable: int = 90,
        candidate: int = 10,
        *,
        errors: tuple[int, int] = (0, 0),
        metric: str = "errors",
        after: float = 1.0,
        assigned: tuple[Assigned, ...] | None = None,
        keys: tuple[KeyLoad, ...] = (),
        source: str = "worker-0",
    ) -> list[Instruction]:
        """One report: requests of each arm that every metric could judge; `errors` on stable and candidate."""
        share = self.state.weights.effective / 100
        arms: tuple[tuple[Arm, int], ...] = (("stable", errors[0]), ("candidate", errors[1]))
        misses = tuple(
            Miss(metric, arm, share, (self.seq << 12) + (place << 11) + one, self.now)
            for place, (arm, count) in enumerate(arms)
            for one in range(count)
        )
        total = {"stable": stable, "candidate": candidate}
        counts = tuple(
            Count(one.plan.name, arm, total[arm], missed if one.plan.name == metric else 0)
            for one in self.state.metrics
            for arm, missed in arms
        )
        if assigned is None:
            assigned = (Assigned(keyed=False, split=SplitCount(share, candidate, stable)),)
        self.seq += 1
        event = Observations(source, self.seq, self.state.round, counts, misses, assigned, stable, candidate, keys)
        return self.tell(event, after)

    def quiet(self, seconds: float) -> "Driven":
        """Good reports in the split's own proportion, for so long."""
        for _ in range(int(seconds)):
            share = self.state.weights.effective
            self.report(100 - share, share)
            self.tell(Tick())
        return self

    def run(self, seconds: float = 600.0) -> "Driven":
        """Good reports and acknowledgements until nothing moves."""
        for _ in range(int(seconds)):
            if self.state.weights.acknowledged != self.state.weights.seq:
                self.acknowledge()
            if self.state.mode not in ("Running", "Baking"):
                break
            self.quiet(1)
        return self

    @property
    def status(self) -> RolloutStatus:
        return status_of(self.state, self.now)

    def condition(self, kind: str) -> tuple[str, str]:
        found = next(one for one in self.status.conditions if one.type == kind)
        return found.status, found.reason

    def stage(self) -> str:
        return self.state.stage

    def is_paused(self) -> bool:
        return self.state.pause is not None

    def events(self) -> list[str]:
        return [one.reason for one in self.done if isinstance(one, EmitEvent)]

    def weights(self) -> list[int]:
        return [one.candidate for one in self.done if isinstance(one, SetWeights)]
