"""Conditions: every type at all times, so that `kubectl wait` never waits for one that is not there."""

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from turnout.rollout.analysis import environment, harmful, heavy_text, mismatch
from turnout.rollout.counting import heavy_keys
from turnout.rollout.gates import found, samples
from turnout.rollout.plan import Gate
from turnout.rollout.routes import deletion_blocked, drift
from turnout.rollout.state import ACTIVE, FINISHED, SHIFTING, State

Truth = Literal["True", "False", "Unknown"]


class Condition(Struct, frozen=True):
    """A `metav1.Condition` without its times."""

    type: str
    status: Truth
    reason: str
    message: str = ""


def conditions_of(state: State, reason: str, message: str, now: float) -> tuple[Condition, ...]:
    """The conditions. `reason` and `message` are the status' own."""
    return (
        accepted(state),
        resolved(state),
        said("Progressing", holds=state.stage in ACTIVE and state.pause is None, reason=reason, message=message),
        said("Paused", holds=state.pause is not None, reason=reason, message=message),
        said("Completed", holds=state.stage in ("Promoted", "RolledBack"), reason=reason, message=message),
        said("Aborted", holds=state.stage == "Aborted", reason=reason, message=message),
        *preflight(state),
        analysis(state, now),
        verified(state),
        said(
            "WeightsOverridden",
            holds=state.weights.overlay,
            reason="Overlay" if state.weights.overlay else "SpecInForce",
            message=f"the candidate's effective weight is {state.weights.effective} %" if state.weights.overlay else "",
        ),
        heavy(state),
        said(
            "SpecDrift",
            holds=bool(drift(state)),
            reason="PromotedNotInSpec" if drift(state) else "NoDrift",
            message=drift(state),
        ),
        said(
            "DeletionBlocked",
            holds=bool(deletion_blocked(state)),
            reason="SpecDrift" if deletion_blocked(state) else "Free",
            message=deletion_blocked(state),
        ),
    )


def said(kind: str, *, holds: bool, reason: str, message: str) -> Condition:
    """A condition that is True or False."""
    return Condition(kind, "True" if holds else "False", reason, message)


def accepted(state: State) -> Condition:
    """The spec can be followed."""
    refusal = state.refusal
    if refusal is not None and refusal.condition == "Accepted":
        return Condition("Accepted", "False", refusal.reason, refusal.message)
    if state.plan is None and refusal is None:
        return Condition("Accepted", "Unknown", "Pending")
    return Condition("Accepted", "True", "Accepted")


def resolved(state: State) -> Condition:
    """What the spec points at is there."""
    refusal = state.refusal
    if refusal is not None:
        if refusal.condition == "ResolvedRefs":
            return Condition("ResolvedRefs", "False", refusal.reason, refusal.message)
        return Condition("ResolvedRefs", "Unknown", refusal.reason)
    return Condition("ResolvedRefs", "True" if state.plan else "Unknown", "ResolvedRefs" if state.plan else "Pending")


def preflight(state: State) -> Iterator[Condition]:
    """Each preflight condition with its evidence; `CandidateReady` goes on being kept up after it."""
    ready = state.ready
    checks = {check.type: check for check in state.checks}
    if ready is not None and state.stage != "Preflight":
        some = ready.candidate > 0
        yield said(
            "CandidateReady",
            holds=some,
            reason="EndpointsReady" if some else "NoReadyEndpoints",
            message=f"{ready.candidate} endpoints of the candidate are ready, {ready.stable} of stable",
        )
        checks.pop("CandidateReady", None)
    for check in checks.values():
        yield said(check.type, holds=check.passed, reason=check.reason, message=check.message)
    every = bool(state.checks) and all(check.passed for check in state.checks)
    failed = ", ".join(check.type for check in state.checks if not check.passed)
    yield said(
        "PreflightPassed",
        holds=every and state.stage != "Preflight",
        reason="Passed" if every else "PreflightFailed" if failed else "Pending",
        message=failed,
    )


def analysis(state: State, now: float) -> Condition:
    """Nothing speaks against the candidate, on data."""
    kind = "AnalysisPassing"
    outcome = state.outcome
    if state.stage == "Aborted" and outcome is not None and outcome.reason == "AnalysisFailed":
        return Condition(kind, "False", outcome.reason, outcome.message)
    harmed = next((one.plan.name for one in state.metrics if harmful(state, one)), None)
    if harmed is not None:
        return Condition(kind, "False", "AnalysisFailed", f"{harmed} is worse on the candidate")
    trouble = environment(state) if state.plan is not None else None
    if trouble is not None:
        return Condition(kind, "False", *trouble)
    if state.stage not in SHIFTING:
        return Condition(kind, "True" if state.stage == "Promoted" else "Unknown", "NotRunning")
    if isinstance(state.step, Gate) and state.step_since is not None:
        finding = found(state, state.step, state.step_since, now)
        reason = {"Insufficient": "InsufficientData", "Missed": "ObjectiveMissed"}.get(finding.kind, "NoHarm")
        truth: Truth = "False" if finding.kind == "Missed" else "Unknown" if finding.kind == "Insufficient" else "True"
        return Condition(kind, truth, reason, finding.message)
    name, count = samples(state, 1)
    if count == 0:
        return Condition(kind, "Unknown", "InsufficientData", f"no samples of {name or 'any metric'} at this weight")
    return Condition(kind, "True", "NoHarm", f"{count} samples of {name}, no evidence of harm")


def verified(state: State) -> Condition:
    """Keys and keyless requests fall on the arms as they were told to."""
    kind = "WeightsVerified"
    if state.plan is None or not state.weights.overlay:
        return Condition(kind, "Unknown", "SpecInForce" if state.plan else "Pending")
    if not state.weights.settled and state.stage not in FINISHED:
        return Condition(kind, "Unknown", "WaitingForWorkers", f"desired {state.weights.desired} %")
    wrong = mismatch(state)
    if wrong is not None:
        return Condition(kind, "False", *wrong)
    units = sum(cell.candidate + cell.stable for split in (state.keyed, state.keyless) for cell in split.cells)
    if not units:
        return Condition(kind, "Unknown", "NoData")
    return Condition(kind, "True", "Verified", f"{units} keys and keyless requests fell as they were told to")


def heavy(state: State) -> Condition:
    """A key above 5 % of the requests: named."""
    keys = heavy_keys(state.load)
    message = "; ".join(heavy_text(state, one.key) for one in keys)
    return said("HeavyKey", holds=bool(keys), reason="HeavyKey" if keys else "NoHeavyKey", message=message)
