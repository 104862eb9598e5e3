"""What an InferenceRollout's `status` says. The controller writes it; whoever reads it may find anything there.

phase               Progressing | Paused | Degraded | Healthy
reason, message     why, in a word and in a sentence
completionStatus    "" | Promoted | Aborted | RolledBack | Superseded
currentStepIndex    from 0; stepCount; step "2/10" for people
overlay             Active | Suspended | Released: whether `weights` are in force in place of the HTTPRoute's
weights.desired     the candidate's percent, by the plan or the user
weights.target      what workers are told, where that is not `desired`: 0 while the candidate has no ready endpoint
weights.effective   what every worker has acknowledged
weights.observed    {share, low, high}: what was seen
weights.seq         grows with each change of what workers are told: the epoch of what they report
target              what `weights` are about, whatever has become of the spec since: {route, sectionName, stable,
                    candidate} by name; `base`: the pool whose share in the route the two have, where that is not
                    stable; `fingerprint`: of the backendRefs then, others suspend the overlay at once
analysis            {verdict, metrics[] {name, threshold (seconds), phase, stable, candidate, riskRatio, eValue, ...}}
lastAction          {id, verb, result, message}: of the annotation turnout.dev/action
history[]           {revision, pool, completionStatus, finishedAt}
conditions[]        metav1.Condition
observedGeneration  of the spec that this is about
engine              the engine's state: for the controller alone, as is
controller          what it keeps beside it: Events not sent yet, pools to be written, wishes seen
"""

from collections.abc import Mapping

from msgspec import Struct

from turnout.resources.document import JSON
from turnout.resources.inferencerollout import InferenceRollout

A_DAY = 86400


class Overlay(Struct, frozen=True):
    """Weights in force in place of the HTTPRoute's.

    `weight` is the candidate's percent that workers are to use, `effective` the one that all of them do. `route`,
    `section` and the pools are names; `section` None is every rule that names `base`. `fingerprint` is of the
    backendRefs that it was made for, "" for any. `thresholds` are seconds by metric.
    """

    weight: int
    effective: int
    epoch: int
    route: str
    section: str | None
    stable: str
    candidate: str
    base: str
    fingerprint: str = ""
    thresholds: Mapping[str, float] = {}


def overlay_of(rollout: InferenceRollout) -> Overlay | None:
    """The overlay that the status says is in force; None when none is, or when it has no weight that can be read.

    What the status does not name (`target`) is the spec's.
    """
    status, spec = rollout.status, rollout.spec
    weights = status.get("weights")
    if status.get("overlay") != "Active" or not isinstance(weights, dict):
        return None
    weight, effective = percent(weights.get("target", weights.get("desired"))), percent(weights.get("effective"))
    if weight is None:
        return None
    target = status.get("target")
    named = {name: text for name, text in target.items() if isinstance(text, str)} if isinstance(target, dict) else {}
    seq = count(weights.get("seq"))
    stable = named.get("stable", spec.stable.name)
    return Overlay(
        weight=weight,
        effective=weight if effective is None else effective,
        epoch=seq or 0,
        route=named.get("route", spec.target_ref.name),
        section=named.get("sectionName") if "route" in named else spec.target_ref.section_name,
        stable=stable,
        candidate=named.get("candidate", spec.candidate.name),
        base=named.get("base", stable),
        fingerprint=named.get("fingerprint", ""),
        thresholds=thresholds_of(status),
    )


def holds_rule(status: Mapping[str, JSON]) -> bool:
    """Whether the rollout has, or had before it was suspended, its own weights in force."""
    return status.get("overlay") in ("Active", "Suspended")


def is_done(status: Mapping[str, JSON]) -> bool:
    """Whether the rollout has ended well and its weights are the route's own again: nothing of it is left."""
    return status.get("completionStatus") in ("Promoted", "RolledBack") and status.get("overlay") == "Released"


def thresholds_of(status: Mapping[str, JSON]) -> dict[str, float]:
    """Seconds by metric, of those that have been fixed."""
    analysis = status.get("analysis")
    metrics = analysis.get("metrics") if isinstance(analysis, dict) else None
    found: dict[str, float] = {}
    for metric in metrics if isinstance(metrics, list) else ():
        name, threshold = (metric.get("name"), metric.get("threshold")) if isinstance(metric, dict) else (None, None)
        if isinstance(name, str) and isinstance(threshold, int | float) and 0 < threshold < A_DAY:
            found[name] = float(threshold)
    return found


def percent(value: JSON) -> int | None:
    """`value` if it is a whole percent."""
    found = count(value)
    return found if found is not None and found <= 100 else None


def count(value: JSON) -> int | None:
    """`value` if it is an integer that is not negative."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
