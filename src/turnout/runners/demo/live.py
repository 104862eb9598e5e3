"""What the demo shows while it runs, and the report that it ends with."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from turnout.runners.demo.report import Report, Sample
from turnout.runners.demo.scenario import Pools, Scenario

FRAME = 0.25
WINDOW = 3.0
"""Seconds of the past that the live view shows."""
BAR = 40


def traffic(title: str, pools: Pools, samples: Sequence[Sample], open_requests: int, now: float) -> Group:
    """One frame: the share of each pool over the last seconds, TTFT and errors."""
    recent = [each for each in samples if each.ended >= now - WINDOW]
    counts = {name: sum(1 for each in recent if each.pool == name) for name in (pools.stable, pools.candidate)}
    every = max(sum(counts.values()), 1)
    width = max(len(name) for name in counts)
    lines: list[RenderableType] = [Text(title, style="bold")]
    for (name, seen), style in zip(counts.items(), ("cyan", "magenta"), strict=True):
        filled = round(BAR * seen / every)
        bar = "█" * filled + "·" * (BAR - filled)
        lines.append(Text(f"  {name:<{width}} {bar} {100 * seen / every:5.1f} %", style=style))
    ttfts = sorted(each.ttft for each in recent if each.ttft is not None)
    ttft = f"{1000 * ttfts[len(ttfts) // 2]:.0f} ms" if ttfts else "-"
    errors = sum(1 for each in samples if each.error)
    broken = sum(1 for each in samples if each.broken)
    pace = f"{len(samples)} requests ({len(recent) / WINDOW:.0f}/s, {open_requests} open)"
    lines.append(Text(f"  {pace}  TTFT p50 {ttft}  errors {errors}  broken streams {broken}"))
    return Group(*lines)


def rollout(
    scenario: Scenario, status: dict[str, Any], samples: Sequence[Sample], open_requests: int, now: float
) -> Group:
    """One frame of a rollout: its phase and step, the traffic, and the evidence so far."""
    phase, step = status.get("phase", "Pending"), status.get("step", "")
    frame = traffic(f"{scenario.name}: {phase}, step {step}", scenario.pools, samples, open_requests, now)
    return Group(frame, *evidence(status))


def evidence(status: dict[str, Any]) -> list[Text]:
    """A line for each metric: misses of requests in both arms, and the e-value against its limit."""
    lines = []
    for each in (status.get("analysis") or {}).get("metrics", ()):
        arms = "  ".join(f"{arm} {each[arm]['miss']}/{each[arm]['n']}" for arm in ("stable", "candidate"))
        against = f" of {each['limit']:.0f}" if each.get("limit") else ""
        lines.append(Text(f"  {each['name']:<15} {arms}  e = {each['eValue']:.3g}{against}  {each['phase']}"))
    return lines


def show(report: Report, pools: Pools, console: Console) -> None:
    """The report, for a person."""
    table = Table(title="Requests per pool, sent while the weights were in force", title_justify="left")
    for heading in ("weights", pools.stable, pools.candidate, "observed", "off by", "TTFT p50", "errors"):
        table.add_column(heading, justify="right")
    for step in report.steps:
        table.add_row(
            f"{step.weights[0]}/{step.weights[1]}",
            str(step.requests[0]),
            str(step.requests[1]),
            f"{100 * step.observed[0]:.1f}/{100 * step.observed[1]:.1f}",
            f"{step.deviation:+.1f}",
            "/".join("-" if each is None else f"{each:.0f}" for each in step.ttft_p50_ms) + " ms",
            f"{step.errors[0]}/{step.errors[1]}",
        )
    console.print(table)
    seen = f"{report.requests} requests in {report.seconds:.0f} s"
    hurt = f"{report.errors} errors, {report.stable_errors} of them not on {pools.candidate}"
    lines = [f"{seen}: {hurt}; {report.broken_streams} broken streams."]
    if report.first_effect_ms is not None:
        moved = f"the next request on {pools.stable} came {report.first_effect_ms:.0f} ms after the decision"
        last = f"the last new one on {pools.candidate} {report.last_old_ms:.0f} ms after it"
        open_streams = f"{report.streams_open_at_rollback} streams were open there and went on"
        lines.append(f"Rollback: {moved},\n{last}; {open_streams}.")
    console.print(*lines, sep="\n")
    style = "bold green" if report.passed else "bold red"
    console.print(
        f"{report.scenario}: {report.result}, {'as it should be' if report.passed else 'NOT as it should be'}",
        style=style,
    )
    console.print()
