"""What `status.analysis` says of each metric, and what else speaks for or against the candidate."""

from collections.abc import Iterator

import msgspec

from turnout.cli.rollout.reading import mapping, mappings, text
from turnout.resources.document import JSON, Document
from turnout.rollout.explain import ArmTrials, MetricReport, details, row, table

SIGNS = {"Running": "◌", "NonInferior": "✔", "Failed": "✖", "Degraded": "⚠", "NoData": "?", "Observed": "•"}
EXPLAINED = ("METRIC", "STABLE", "CANDIDATE", "COUNTED", "RATIO [95% anytime]", "EVIDENCE", "SAFE", "VERDICT")
SHORT = (0, 1, 2, 4, 5)
"""The columns of `EXPLAINED` that `get` has room for, before the verdict."""

BAD = {
    "Accepted": "False",
    "ResolvedRefs": "False",
    "PreflightPassed": "False",
    "WeightsVerified": "False",
    "HeavyKey": "True",
    "SpecDrift": "True",
    "DeletionBlocked": "True",
    "ControllerFault": "True",
}
"""Conditions that a user should know of, by the status that is no good."""

JUDGING = ("PreflightPassed", "AnalysisPassing", "WeightsVerified", "HeavyKey")


class UnknownMetricError(Exception):
    """The rollout has no such metric; the text names those that it has."""


def reports(rollout: Document) -> tuple[MetricReport, ...]:
    """The numbers of every metric. One that another version wrote otherwise has its name alone."""
    return tuple(report(each) for each in mappings(mapping(rollout, "status", "analysis").get("metrics")))


def report(metric: dict[str, JSON]) -> MetricReport:
    """One metric's numbers."""
    arms = {arm: {"low": 0.0, "high": 1.0, **mapping(metric.get(arm))} for arm in ("stable", "candidate")}
    try:
        return msgspec.convert({"builtin": "", "phase": "", **metric, **arms}, MetricReport)
    except msgspec.ValidationError:
        nothing = ArmTrials(0, 0, 0.0, 1.0)
        return MetricReport(text(metric.get("name"), "?"), "", "Unreadable", nothing, nothing)


def short_table(rollout: Document) -> list[str]:
    """A line of names, and one for each metric; nothing before there are metrics."""
    found = reports(rollout)
    if not found:
        return []
    rows = [(*(row(one)[place] for place in SHORT), f"{SIGNS.get(one.phase, '?')} {one.phase}") for one in found]
    return table([(*(EXPLAINED[place] for place in SHORT), "VERDICT"), *rows])


def explained(rollout: Document, only: str = "") -> Iterator[str]:
    """Counts, ratios, intervals and e-values of all metrics, or of the one named `only`, and what each is held against.

    Raises UnknownMetricError.
    """
    found = reports(rollout)
    if only and only not in {one.name for one in found}:
        known = ", ".join(one.name for one in found) or "none yet"
        raise UnknownMetricError(f'metric "{only}" not found (the rollout has: {known})')
    shown = [one for one in found if only in ("", one.name)]
    if not shown:
        yield "Nothing has been measured yet."
    else:
        yield from table([EXPLAINED, *map(row, shown)])
        yield ""
    for one in shown:
        yield from details(one)
    conditions = [each for each in conditions_of(rollout) if each.get("type") in JUDGING]
    if conditions:
        yield ""
        yield from table([("CONDITION", "STATUS", "REASON", "MESSAGE"), *map(condition_row, conditions)])


def troubles(rollout: Document) -> Iterator[str]:
    """What a user should know of besides the phase: the conditions that are no good, in words."""
    for each in conditions_of(rollout):
        kind = text(each.get("type"))
        if kind in BAD and each.get("status") == BAD[kind]:
            yield f"{kind}: {text(each.get('message')) or text(each.get('reason'), 'no reason given')}"


def conditions_of(rollout: Document) -> list[dict[str, JSON]]:
    """The conditions."""
    return mappings(mapping(rollout, "status").get("conditions"))


def condition_row(condition: dict[str, JSON]) -> tuple[str, str, str, str]:
    """One condition's line."""
    kind, status, reason, message = (text(condition.get(name)) for name in ("type", "status", "reason", "message"))
    return kind, status, reason, message
