"""What the demo shows while it runs, and the report that it ends with."""

from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from turnout.runners.demo.report import Report, Sample
from turnout.runners.demo.scenario import CANDIDATE, STABLE, Step

WINDOW = 3.0
"""Seconds of the past that the live view shows."""
BAR = 40


def view(
    step: Step, number: int, count: int, samples: Sequence[Sample], open_requests: int, now: float
) -> RenderableType:
    """One frame: the step, the share of each pool over the last seconds, TTFT and errors."""
    recent = [each for each in samples if each.ended >= now - WINDOW]
    pools = {name: sum(1 for each in recent if each.pool == name) for name in (STABLE, CANDIDATE)}
    total = max(sum(pools.values()), 1)
    lines: list[RenderableType] = [
        Text(f"step {number}/{count}  weights {step.weights[0]}/{step.weights[1]}  {step.story}", style="bold")
    ]
    for (name, seen), style in zip(pools.items(), ("cyan", "magenta"), strict=True):
        filled = round(BAR * seen / total)
        bar = "█" * filled + "·" * (BAR - filled)
        lines.append(Text(f"  {name:<8} {bar} {100 * seen / total:5.1f} %", style=style))
    ttfts = sorted(each.ttft for each in recent if each.ttft is not None)
    ttft = f"{1000 * ttfts[len(ttfts) // 2]:.0f} ms" if ttfts else "-"
    errors = sum(1 for each in samples if each.error)
    broken = sum(1 for each in samples if each.broken)
    lines.append(
        Text(
            f"  requests {len(samples)} ({len(recent) / WINDOW:.0f}/s, {open_requests} open)"
            f"  TTFT p50 {ttft}  errors {errors}  broken streams {broken}"
        )
    )
    return Group(*lines)


def show(report: Report, console: Console) -> None:
    """The report, for a person."""
    table = Table(title="Requests per pool, sent while the weights were in force", title_justify="left")
    for heading in ("weights", STABLE, CANDIDATE, "observed", "off by", "TTFT p50", "errors", "broken"):
        table.add_column(heading, justify="right")
    for step in report.steps:
        table.add_row(
            f"{step.weights[0]}/{step.weights[1]}",
            str(step.requests[0]),
            str(step.requests[1]),
            f"{100 * step.observed[0]:.1f}/{100 * step.observed[1]:.1f}",
            f"{step.deviation:+.1f}",
            "-" if step.ttft_p50_ms is None else f"{step.ttft_p50_ms:.0f} ms",
            str(step.errors),
            str(step.broken_streams),
        )
    console.print(table)
    seen = f"{report.requests} requests in {report.seconds:.0f} s"
    lines = [f"{seen}: {report.errors} errors, {report.broken_streams} broken streams."]
    if report.first_effect_ms is not None:
        lines.append(
            f"Rollback: first request on {STABLE} {report.first_effect_ms:.0f} ms after the write, "
            f"last one on {CANDIDATE} {report.last_old_ms:.0f} ms after it;\n"
            f"{report.streams_open_at_rollback} streams were open on {CANDIDATE} at that moment."
        )
    console.print(*lines, f"Result: {report.result}", sep="\n")
