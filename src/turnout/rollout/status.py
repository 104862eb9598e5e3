"""What kubectl shows: `status`, made from the state alone. The state itself is in it as `engine`."""

from datetime import UTC, datetime

from msgspec import Struct

from turnout.judge import share_interval
from turnout.rollout.conditions import Condition, conditions_of
from turnout.rollout.explain import MetricReport, reports
from turnout.rollout.gates import found, hold_reason
from turnout.rollout.plan import Gate, Hold, SetWeight
from turnout.rollout.state import ActionResult, Phase, State


class Observed(Struct, frozen=True):
    """The candidate's share of the units assigned at the present weight, with its 95 % anytime interval.

    Units are distinct keys and keyless requests: a key's repeats say nothing of the split.
    """

    share: float
    low: float
    high: float
    units: int


class WeightsStatus(Struct, frozen=True, rename="camel"):
    """Percent of the candidate."""

    desired: int
    effective: int
    observed: Observed | None
    verified: bool
    overlay: bool


class BackendStatus(Struct, frozen=True):
    """One arm: its pool, its effective percent, its ready endpoints and its requests at this weight."""

    role: str
    name: str
    share: int
    ready: int | None
    requests: int


class AnalysisStatus(Struct, frozen=True):
    """`verdict`: Running, Successful, Failed, Inconclusive."""

    verdict: str
    metrics: tuple[MetricReport, ...]


class HistoryEntry(Struct, frozen=True, rename="camel"):
    """One revision that served or tried to, newest last."""

    revision: str
    pool: str
    completion_status: str
    finished_at: str


class RolloutStatus(Struct, frozen=True, rename="camel"):
    """`status` of an InferenceRollout."""

    observed_generation: int
    phase: Phase
    reason: str
    message: str
    completion_status: str
    current_step_index: int
    step_count: int
    step: str
    stable_revision: str
    candidate_revision: str
    weights: WeightsStatus
    backends: tuple[BackendStatus, ...]
    analysis: AnalysisStatus
    started_at: str | None
    finished_at: str | None
    history: tuple[HistoryEntry, ...]
    quarantined: tuple[str, ...]
    last_action: ActionResult | None
    conditions: tuple[Condition, ...]
    engine: State


def status_of(state: State, now: float) -> RolloutStatus:
    """The status: pure, so that the same state at the same time reads the same everywhere."""
    reason, message = why(state, now)
    condition_list = conditions_of(state, reason, message, now)
    count = len(state.plan.steps) if state.plan is not None else 0
    passing = next(one for one in condition_list if one.type == "AnalysisPassing")
    verified = next(one for one in condition_list if one.type == "WeightsVerified")
    return RolloutStatus(
        observed_generation=state.generation,
        phase=phase_of(state),
        reason=reason,
        message=message,
        completion_status=state.stage if state.stage in ("Promoted", "Aborted", "RolledBack") else "",
        current_step_index=state.step_index,
        step_count=count,
        step=f"{min(state.step_index + 1, count)}/{count}",
        stable_revision=state.stable_revision,
        candidate_revision=state.candidate_revision,
        weights=WeightsStatus(
            state.weights.desired,
            state.weights.effective,
            observed(state),
            verified.status == "True",
            state.weights.overlay,
        ),
        backends=backends(state),
        analysis=AnalysisStatus(verdict_of(state, passing), reports(state)),
        started_at=rfc3339(state.started_at) if state.started_at else None,
        finished_at=rfc3339(state.outcome.at) if state.outcome is not None else None,
        history=tuple(
            HistoryEntry(one.revision, one.pool, one.completion_status, rfc3339(one.finished_at))
            for one in state.history
        ),
        quarantined=state.quarantined,
        last_action=state.last_action,
        conditions=condition_list,
        engine=state,
    )


def phase_of(state: State) -> Phase:
    """Argo's four."""
    if state.pause is not None:
        return "Paused"
    if state.stage == "Pending":
        return "Degraded" if state.refusal is not None else "Progressing"
    if state.stage == "Aborted":
        return "Degraded"
    return "Healthy" if state.stage in ("Promoted", "RolledBack") else "Progressing"


def why(state: State, now: float) -> tuple[str, str]:
    """Reason and message: what it waits for, or how it ended, with the numbers."""
    if state.pause is not None:
        return state.pause.reason, state.pause.message
    if state.outcome is not None:
        return state.outcome.reason, state.outcome.message
    if state.plan is None:
        return (state.refusal.reason, state.refusal.message) if state.refusal is not None else ("Pending", "")
    if state.stage == "Preflight":
        failed = "; ".join(f"{check.type}: {check.message}" for check in state.checks if not check.passed)
        return ("PreflightFailed", failed) if failed else ("Preflight", "waiting for the candidate's evidence")
    held = hold_reason(state)
    if held:
        reason = "NoReadyEndpoints" if "ready endpoint" in held else "SettingWeight"
        return reason, held
    place = f"step {state.step_index + 1}/{len(state.plan.steps)}"
    since = state.step_since if state.step_since is not None else now
    match state.step:
        case Gate() as gate:
            return "AnalysisRunning", f"{place}: {found(state, gate, since, now).message}"
        case Hold(duration):
            return "PauseStep", f"{place}: pause, {now - since:.0f} of {duration or 0:.0f} s"
        case SetWeight(weight):
            return "SettingWeight", f"{place}: weight {weight} %"
    return "Baking", f"all of the traffic on {state.plan.candidate}, {now - since:.0f} of {state.plan.bake:.0f} s"


def verdict_of(state: State, passing: Condition) -> str:
    """Argo's words for the analysis as a whole."""
    if passing.status == "False":
        return "Failed"
    if state.stage == "Promoted":
        return "Successful"
    return "Inconclusive" if state.pause is not None and state.pause.reason == "InsufficientData" else "Running"


def observed(state: State) -> Observed | None:
    """What fell on the candidate at the present weight; None while nothing has."""
    share = state.weights.effective / 100
    cells = [
        cell
        for split in (state.keyed, state.keyless)
        for cell in split.cells[split.open :]
        if abs(cell.share - share) < 1e-9
    ]
    hits = sum(cell.candidate for cell in cells)
    units = hits + sum(cell.stable for cell in cells)
    if not units:
        return None
    interval = share_interval(hits, units)
    return Observed(round(hits / units, 4), round(interval.low, 4), round(interval.high, 4), units)


def backends(state: State) -> tuple[BackendStatus, ...]:
    """Both arms."""
    if state.plan is None:
        return ()
    ready, share = state.ready, state.weights.effective
    return (
        BackendStatus("stable", state.plan.stable, 100 - share, ready.stable if ready else None, state.load.stable),
        BackendStatus(
            "candidate", state.plan.candidate, share, ready.candidate if ready else None, state.load.candidate
        ),
    )


def rfc3339(seconds: float) -> str:
    """The time as the API writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
