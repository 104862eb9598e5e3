"""From what the clients saw to what the report says. Pure: samples and marks in, numbers out."""

from collections.abc import Sequence
from math import ceil, inf

from msgspec import Struct

from turnout.runners.demo.scenario import Pools


class Sample(Struct, frozen=True):
    """One request as its client saw it. Times are seconds on one monotonic clock.

    `pool` is the answer's `x-turnout-pool`. `error` is empty for a whole 200; `broken` says that a stream began and did
    not end with a finish reason and `[DONE]`. `ttft` is None for anything but a stream that brought content.
    """

    sent: float
    ended: float
    pool: str
    stream: bool
    error: str = ""
    broken: bool = False
    ttft: float | None = None


class Mark(Struct, frozen=True):
    """When weights of stable and candidate were decided, and when a status said that every worker has them."""

    weights: tuple[int, int]
    decided: float
    in_force: float


class StepResult(Struct, frozen=True, rename="camel"):
    """What weights did to the requests sent while they were in force.

    `observed` and `requests` are by pool, stable first; `deviation` is the candidate's requests less its exact share.
    """

    weights: tuple[int, int]
    observed: tuple[float, float]
    requests: tuple[int, int]
    deviation: float
    errors: tuple[int, int]
    broken_streams: int
    ttft_p50_ms: tuple[float | None, float | None]


class Report(Struct, frozen=True, rename="camel"):
    """One scenario. `result` is how it ended; `passed`: as its name calls for, and nobody on the stable pool was hurt.

    `errors` are all, `stable_errors` those of the stable pool. The two times are of the last move, counted from its
    decision, in milliseconds: the first request that followed it, and the last one on the old pool. They are None when
    the last move was no rollback.
    """

    scenario: str
    result: str
    passed: bool
    requests: int
    errors: int
    stable_errors: int
    broken_streams: int
    steps: tuple[StepResult, ...]
    first_effect_ms: float | None
    last_old_ms: float | None
    streams_open_at_rollback: int
    seconds: float
    story: tuple[str, ...] = ()


class Totals(Struct, frozen=True, rename="camel"):
    """All scenarios of one run: sums, the steps of all, the times of the last that has them."""

    result: str
    requests: int
    errors: int
    broken_streams: int
    steps: tuple[StepResult, ...]
    first_effect_ms: float | None
    last_old_ms: float | None
    scenarios: tuple[Report, ...]


class Ending(Struct, frozen=True):
    """How the scenario ended, whether that is what its name calls for, and whether stable itself was made to fail."""

    result: str
    expected: bool
    story: tuple[str, ...] = ()
    outage: bool = False


def summarise(scenario: str, pools: Pools, marks: Sequence[Mark], samples: Sequence[Sample], ending: Ending) -> Report:
    """The report. `marks` is in order of time; samples may come in any order."""
    results = tuple(_step(pools, mark, _end(marks, index), samples) for index, mark in enumerate(marks))
    errors = [each for each in samples if each.error]
    stable_errors = sum(1 for each in errors if each.pool != pools.candidate)
    broken = sum(1 for each in samples if each.broken)
    first, last, open_streams = _rollback(pools, marks, samples)
    return Report(
        scenario=scenario,
        result=ending.result,
        passed=ending.expected and (ending.outage or not (stable_errors or broken)),
        requests=len(samples),
        errors=len(errors),
        stable_errors=stable_errors,
        broken_streams=broken,
        steps=results,
        first_effect_ms=_ms(first),
        last_old_ms=_ms(last),
        streams_open_at_rollback=open_streams,
        seconds=max((each.ended for each in samples), default=0.0) - min((each.sent for each in samples), default=0.0),
        story=ending.story,
    )


def total(reports: Sequence[Report]) -> Totals:
    """The sums over a run's scenarios."""
    timed = [each for each in reports if each.first_effect_ms is not None]
    return Totals(
        result="Passed" if all(each.passed for each in reports) else "Failed",
        requests=sum(each.requests for each in reports),
        errors=sum(each.errors for each in reports),
        broken_streams=sum(each.broken_streams for each in reports),
        steps=tuple(step for each in reports for step in each.steps),
        first_effect_ms=timed[-1].first_effect_ms if timed else None,
        last_old_ms=timed[-1].last_old_ms if timed else None,
        scenarios=tuple(reports),
    )


def _end(marks: Sequence[Mark], index: int) -> float:
    return marks[index + 1].decided if index + 1 < len(marks) else inf


def _step(pools: Pools, mark: Mark, end: float, samples: Sequence[Sample]) -> StepResult:
    seen = [each for each in samples if mark.in_force <= each.sent < end]
    arms = tuple([each for each in seen if each.pool == pool] for pool in (pools.stable, pools.candidate))
    stable, candidate = (len(arm) for arm in arms)
    both = max(stable + candidate, 1)
    return StepResult(
        weights=mark.weights,
        observed=(stable / both, candidate / both),
        requests=(stable, candidate),
        deviation=candidate - (stable + candidate) * mark.weights[1] / sum(mark.weights),
        errors=(_errors(arms[0]), _errors(arms[1])),
        broken_streams=sum(1 for each in seen if each.broken),
        ttft_p50_ms=(_median_ttft(arms[0]), _median_ttft(arms[1])),
    )


def _errors(samples: Sequence[Sample]) -> int:
    return sum(1 for each in samples if each.error)


def _median_ttft(samples: Sequence[Sample]) -> float | None:
    ttfts = sorted(each.ttft for each in samples if each.ttft is not None)
    return _ms(ttfts[ceil(len(ttfts) / 2) - 1]) if ttfts else None


def _rollback(pools: Pools, marks: Sequence[Mark], samples: Sequence[Sample]) -> tuple[float | None, float | None, int]:
    """First request that follows the last move, last one on the old pool, streams open there at the decision."""
    if len(marks) < 2 or marks[-1].weights[1] or not marks[-2].weights[1]:
        return None, None, 0
    decided, old, new = marks[-1].decided, pools.candidate, pools.stable
    effects = [each.sent - decided for each in samples if each.pool == new and each.sent >= decided]
    lasts = [each.sent - decided for each in samples if each.pool == old and each.sent >= decided]
    open_streams = sum(1 for each in samples if each.stream and each.pool == old and each.sent < decided < each.ended)
    return min(effects, default=None), max(lasts, default=0.0), open_streams


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)
