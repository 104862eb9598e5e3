"""A worker's report as one rollout's engine is told of it."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Protocol, TypeVar, cast

from turnout.channels import Report
from turnout.judge import SplitCount
from turnout.rollout.observations import Arm, Assigned, Count, KeyLoad, Miss, Observations

ARMS = frozenset({"stable", "candidate"})


class Row(Protocol):
    """What every row about a rollout says of its origin."""

    @property
    def uid(self) -> str:
        """Of the rollout."""

    @property
    def epoch(self) -> int:
        """The number of the weights that were in force at assignment."""


AnyRow = TypeVar("AnyRow", bound=Row)


def observations(report: Report, source: str, uid: str, round_: int, since: int) -> Observations:
    """What the report says of the rollout with that UID, from its weights number `since` on: those of `round_`.

    A report that says nothing of it is told too: no traffic is not the same as no reports. `source` is the worker's,
    anew in each round: reports of other rounds are no gap.
    """

    def ours(rows: Iterable[AnyRow]) -> list[AnyRow]:
        return [row for row in rows if row.uid == uid and row.epoch >= since]

    counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for arm in ours(report.arms):
        if arm.arm in ARMS:
            total = counts[arm.metric, arm.arm]
            total[0] += arm.units
            total[1] += arm.misses
    times: dict[str, tuple[float, ...]] = defaultdict(tuple)
    for one in ours(report.times):
        if one.arm == "stable":
            times[one.metric] += one.seconds
    loads = ours(report.loads)
    return Observations(
        source=f"{source}/{round_}",
        seq=report.seq,
        round=round_,
        counts=tuple(Count(metric, cast(Arm, arm), *pair) for (metric, arm), pair in sorted(counts.items())),
        misses=tuple(
            Miss(one.metric, cast(Arm, one.arm), one.share, one.unit, one.time)
            for one in ours(report.misses)
            if one.arm in ARMS
        ),
        assigned=tuple(
            Assigned(one.keyed, SplitCount(one.share, one.candidate, one.stable)) for one in ours(report.assignments)
        ),
        stable_requests=sum(load.requests for load in loads if load.arm == "stable"),
        candidate_requests=sum(load.requests for load in loads if load.arm == "candidate"),
        keys=tuple(KeyLoad(one.key, one.requests) for one in ours(report.keys)),
        times=dict(times),
    )
