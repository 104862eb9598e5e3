"""All that the engine knows. It is kept in `status.engine` as JSON and comes back from it equal."""

from typing import Literal

import msgspec
from msgspec import Struct

from turnout.judge import Bounds, Evidence, SplitCount, Trials
from turnout.rollout.events import Check, Readiness, Refusal, RouteChanged
from turnout.rollout.observations import KeyLoad
from turnout.rollout.plan import MetricPlan, Plan, PlanStep

Stage = Literal["Pending", "Preflight", "Running", "Baking", "Promoted", "Aborted", "RolledBack"]
ACTIVE = ("Preflight", "Running", "Baking")
SHIFTING = ("Running", "Baking")
FINISHED = ("Promoted", "Aborted", "RolledBack")
Phase = Literal["Progressing", "Paused", "Degraded", "Healthy"]
Completion = Literal["", "Promoted", "Aborted", "RolledBack", "Superseded"]

HISTORY = 10
TOKENS = 32
SOURCES = 256


class Pause(Struct, frozen=True):
    """Why nothing moves, until somebody says so."""

    reason: str
    message: str
    since: float


class Weights(Struct, frozen=True, rename="camel"):
    """The candidate's percent, three times.

    `desired` by the plan or the user; `target` what workers are told (0 while the candidate has no ready endpoint);
    `effective` what every worker has acknowledged. `seq` numbers what workers are told. `overlay`: in force at all.
    """

    desired: int = 0
    target: int = 0
    effective: int = 0
    seq: int = 0
    acknowledged: int = 0
    since: float = 0.0
    overlay: bool = False

    @property
    def settled(self) -> bool:
        """What is desired is what every worker does."""
        return self.overlay and self.acknowledged == self.seq and self.effective == self.desired


class MetricState(Struct, frozen=True, rename="camel", omit_defaults=True):
    """What was seen of one metric in this round.

    `seen` are the units whose miss is counted in `evidence`. `stable` and `candidate` are counts per run, the present
    one last, numbered from `first`. `threshold` in seconds; while a quantile still is to fix it, `times` collects
    stable's: bucket -> count, bucket b holding times around 1.05 ** b milliseconds.
    """

    plan: MetricPlan
    evidence: Evidence = Evidence()
    seen: tuple[int, ...] = ()
    stable: tuple[Trials, ...] = (Trials(),)
    candidate: tuple[Trials, ...] = (Trials(),)
    first: int = 1
    threshold: float | None = None
    times: dict[int, int] = {}


class Split(Struct, frozen=True, omit_defaults=True):
    """What was assigned: distinct keys, and keyless requests. One cell per stretch of time at one share.

    Counts are added to cells from `open` on: a key that comes back at a share used before is not the same trial.
    Cells are numbered from `first`.
    """

    cells: tuple[SplitCount, ...] = ()
    open: int = 0
    first: int = 1


class Load(Struct, frozen=True, omit_defaults=True):
    """Requests under the present weight, and the busiest keys among them."""

    stable: int = 0
    candidate: int = 0
    keys: tuple[KeyLoad, ...] = ()


class Finished(Struct, frozen=True, rename="camel"):
    """One revision that served or tried to."""

    revision: str
    pool: str
    completion_status: str
    finished_at: float


class ActionResult(Struct, frozen=True):
    """What became of the last action."""

    token: str
    accepted: bool
    message: str


class Outcome(Struct, frozen=True):
    """Why the round ended."""

    reason: str
    message: str
    at: float


class State(Struct, frozen=True, rename="camel", omit_defaults=True):
    """One rollout. `round` grows by 1 with each attempt.

    `step_since`: when the step's clock began; None: not yet. `timer`: when it last asked to be told the time.
    """

    stage: Stage = "Pending"
    pause: Pause | None = None
    plan: Plan | None = None
    generation: int = 0
    refusal: Refusal | None = None
    round: int = 0
    stable_revision: str = ""
    candidate_revision: str = ""
    step_index: int = 0
    step_since: float | None = None
    skip_bake: bool = False
    started_at: float = 0.0
    outcome: Outcome | None = None
    weights: Weights = Weights()
    ready: Readiness | None = None
    route: RouteChanged | None = None
    metrics: tuple[MetricState, ...] = ()
    keyed: Split = Split()
    keyless: Split = Split()
    load: Load = Load()
    reports: dict[str, int] = {}
    reported_at: float | None = None
    gaps: int = 0
    checks: tuple[Check, ...] = ()
    preflight: int = 0
    preflight_due: float = 0.0
    timer: float = 0.0
    quarantined: tuple[str, ...] = ()
    history: tuple[Finished, ...] = ()
    tokens: tuple[str, ...] = ()
    last_action: ActionResult | None = None
    deleting: bool = False
    revert: bool = False

    @property
    def step(self) -> PlanStep | None:
        """The step that the plan is at; None outside of the steps."""
        if self.plan is None or self.stage != "Running" or self.step_index >= len(self.plan.steps):
            return None
        return self.plan.steps[self.step_index]

    @property
    def mode(self) -> str:
        """The row of the transition table: `Paused`, or the stage."""
        return "Paused" if self.pause is not None else self.stage


def bounds_of(state: State, metric: MetricState) -> Bounds | None:
    """What the metric is held to; None while there is no plan."""
    if state.plan is None:
        return None
    return Bounds(tolerance=metric.plan.tolerance, alpha=state.plan.alpha_each, margin=metric.plan.margin)


def dumped(state: State) -> bytes:
    """The state as JSON."""
    return msgspec.json.encode(state)


def loaded(document: bytes) -> State:
    """The state from its JSON. Raises msgspec.ValidationError on what is no state."""
    return msgspec.json.decode(document, type=State)
