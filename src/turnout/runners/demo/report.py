"""From what the clients saw to what the report says. Pure: samples and marks in, numbers out."""

from collections.abc import Sequence
from math import ceil

from msgspec import Struct

from turnout.runners.demo.scenario import CANDIDATE, STABLE, Step


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
    """When a step's weights were sent to the API, and when their status said that every worker has them."""

    written: float
    in_force: float


class StepResult(Struct, frozen=True, rename="camel"):
    """What a step's weights did to the requests sent while they were in force.

    `observed` and `requests` are by pool, stable first; `deviation` is the candidate's requests less its exact share.
    """

    weights: tuple[int, int]
    observed: tuple[float, float]
    requests: tuple[int, int]
    deviation: float
    errors: int
    broken_streams: int
    ttft_p50_ms: float | None


class Report(Struct, frozen=True, rename="camel"):
    """The whole demo. Times are of the last step, the rollback, counted from its write, in milliseconds."""

    scenario: str
    result: str
    requests: int
    errors: int
    broken_streams: int
    steps: tuple[StepResult, ...]
    first_effect_ms: float | None
    last_old_ms: float | None
    streams_open_at_rollback: int
    seconds: float


def summarise(scenario: str, steps: Sequence[Step], marks: Sequence[Mark], samples: Sequence[Sample]) -> Report:
    """The report. `marks` has one entry per step that was reached; samples may come in any order."""
    results = tuple(_step(step, *_window(marks, index), samples) for index, step in enumerate(steps[: len(marks)]))
    errors = sum(1 for each in samples if each.error)
    broken = sum(1 for each in samples if each.broken)
    first, last, open_streams = _rollback(steps, marks, samples)
    whole = len(marks) == len(steps) and first is not None and not errors and not broken
    return Report(
        scenario=scenario,
        result="RolledBack" if whole else "Failed",
        requests=len(samples),
        errors=errors,
        broken_streams=broken,
        steps=results,
        first_effect_ms=_ms(first),
        last_old_ms=_ms(last),
        streams_open_at_rollback=open_streams,
        seconds=max((each.ended for each in samples), default=0.0) - min((each.sent for each in samples), default=0.0),
    )


def _window(marks: Sequence[Mark], index: int) -> tuple[float, float]:
    return marks[index].in_force, marks[index + 1].written if index + 1 < len(marks) else float("inf")


def _step(step: Step, begin: float, end: float, samples: Sequence[Sample]) -> StepResult:
    seen = [each for each in samples if begin <= each.sent < end]
    stable = sum(1 for each in seen if each.pool == STABLE)
    candidate = sum(1 for each in seen if each.pool == CANDIDATE)
    total = max(stable + candidate, 1)
    ttfts = sorted(each.ttft for each in seen if each.ttft is not None)
    return StepResult(
        weights=step.weights,
        observed=(stable / total, candidate / total),
        requests=(stable, candidate),
        deviation=candidate - (stable + candidate) * step.weights[1] / sum(step.weights),
        errors=sum(1 for each in seen if each.error),
        broken_streams=sum(1 for each in seen if each.broken),
        ttft_p50_ms=_ms(ttfts[ceil(len(ttfts) / 2) - 1] if ttfts else None),
    )


def _rollback(
    steps: Sequence[Step], marks: Sequence[Mark], samples: Sequence[Sample]
) -> tuple[float | None, float | None, int]:
    """First request on the pool that had weight 0, last on the one that has it now, streams open at the write."""
    if len(marks) < len(steps):
        return None, None, 0
    written = marks[-1].written
    new, old = (STABLE, CANDIDATE) if steps[-1].weights[0] else (CANDIDATE, STABLE)
    effects = [each.sent - written for each in samples if each.pool == new and each.sent >= written]
    lasts = [each.sent - written for each in samples if each.pool == old and each.sent >= written]
    open_streams = sum(1 for each in samples if each.stream and each.pool == old and each.sent < written < each.ended)
    return min(effects, default=None), max(lasts, default=0.0), open_streams


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)
