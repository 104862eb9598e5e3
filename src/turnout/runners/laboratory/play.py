"""One rollout played through `step()` on the virtual clock, from its spec to its end."""

from msgspec import Struct

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
from turnout.rollout.instructions import Instruction, RunPreflight, SetWeights
from turnout.rollout.machine import step
from turnout.rollout.state import FINISHED, State
from turnout.runners.laboratory.traffic import Traffic, World

CHECKS = (Check("CandidateReady", passed=True, reason="EndpointsReady", message="2 endpoints are ready"),)


class Played(Struct, frozen=True):
    """How a rollout ended: its stage, or `Paused`; `metric` is the one that aborted it.

    `events` are the misses of distinct units that had been counted of it, `requests` all requests, `seconds` the
    virtual time, both from the first weight on.
    """

    stage: str
    reason: str
    metric: str
    events: int
    requests: int
    candidate_requests: int
    seconds: float


class Stage:
    """The engine and the world, and the events between them."""

    def __init__(self, spec: RolloutSpec, traffic: Traffic, seed: int) -> None:
        self.state = State()
        self.now = 0.0
        self.world = World(traffic, seed)
        self.candidate_requests = 0
        self.began: float | None = None
        self.log: list[tuple[float, Event]] = []
        self.tell(RouteChanged("spec"))
        self.tell(Readiness(2, 2))
        self.tell(SpecChanged(spec, 1, "s1", "c1"))

    def tell(self, event: Event) -> None:
        """One event, and what follows from it at once."""
        self.log.append((self.now, event))
        self.state, done = step(self.state, event, self.now)
        for instruction in done:
            self.follow(instruction)

    def follow(self, instruction: Instruction) -> None:
        """Does what the engine wants done."""
        if isinstance(instruction, RunPreflight):
            self.tell(PreflightResult(instruction.token, CHECKS))
        elif isinstance(instruction, SetWeights):
            self.world.set_weight(instruction.candidate, self.now)
            self.began = self.now if self.began is None else self.began
            self.tell(WeightsAcknowledged(instruction.seq))

    def play(self, longest: float, span: float) -> Played:
        """Plays until the rollout ends or pauses, or `longest` seconds are over; one report per `span` seconds."""
        seq = 0
        while self.state.stage not in FINISHED and self.state.pause is None and self.now < longest:
            report = self.world.batch(self.now, span, self.state.round, seq)
            seq += 1
            self.candidate_requests += report.candidate_requests
            self.now += span
            self.tell(report)
            self.tell(Tick())
        return self.played()

    def played(self) -> Played:
        """What came of it."""
        state, outcome = self.state, self.state.outcome
        paused = state.pause
        reason = paused.reason if paused is not None else outcome.reason if outcome is not None else ""
        metric = outcome.message.partition(":")[0] if outcome is not None and reason == "AnalysisFailed" else ""
        events = sum(
            tally.candidate + tally.stable
            for one in state.metrics
            if one.plan.name == metric
            for run in one.evidence.runs
            for tally in run
        )
        return Played(
            stage=state.mode,
            reason=reason,
            metric=metric,
            events=events,
            requests=self.world.requests,
            candidate_requests=self.candidate_requests,
            seconds=self.now - (self.now if self.began is None else self.began),
        )
