"""`turnout demo`: rollouts on simulated servers under live load, with a report."""

import asyncio
import sys
import tempfile
from pathlib import Path

import click


@click.command("demo")
@click.option("--scenario", "names", multiple=True, help="Which story to run; repeatable.  [default: two of them]")
@click.option(
    "--json", "output", type=click.Path(dir_okay=False, writable=True, path_type=Path), help="Writes the report."
)
def command(names: tuple[str, ...], output: Path | None) -> None:
    """Roll out on simulated servers under live load, and report.

    Stories: node-update, bad-candidate (these two by default), base-model, slow-candidate, shared-outage, weights.
    """
    import msgspec
    from rich.console import Console

    from turnout.runners.demo import live
    from turnout.runners.demo.plant import DemoError
    from turnout.runners.demo.report import total
    from turnout.runners.demo.run import run
    from turnout.runners.demo.scenario import DEFAULT, SCENARIOS

    for name in names:
        if name not in SCENARIOS:
            raise click.BadParameter(f"{name!r}; there is {', '.join(SCENARIOS)}", param_hint="--scenario")
    console = Console(highlight=False)
    reports = []
    try:
        for name in names or DEFAULT:
            console.rule(name, align="left")
            report = asyncio.run(run(SCENARIOS[name], console, Path(tempfile.mkdtemp(prefix="turnout-demo-"))))
            live.show(report, SCENARIOS[name].pools, console)
            reports.append(report)
    except DemoError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(1)
    totals = total(reports)
    if output is not None:
        output.write_bytes(msgspec.json.format(msgspec.json.encode(totals), indent=2) + b"\n")
    sys.exit(0 if totals.result == "Passed" else 1)
