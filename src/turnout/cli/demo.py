"""`turnout demo`: traffic moved between two pools of simulated servers, with a report."""

import asyncio
import sys
import tempfile
from pathlib import Path

import click


@click.command("demo")
@click.option("--scenario", "name", default="node-update", show_default=True, help="Which story to run.")
@click.option(
    "--json", "output", type=click.Path(dir_okay=False, writable=True, path_type=Path), help="Writes the report."
)
def command(name: str, output: Path | None) -> None:
    """Move traffic between two pools of simulated servers under live load, and report."""
    import msgspec
    from rich.console import Console

    from turnout.runners.demo import live
    from turnout.runners.demo.run import DemoError, run
    from turnout.runners.demo.scenario import SCENARIOS

    scenario = SCENARIOS.get(name)
    if scenario is None:
        raise click.BadParameter(f"{name!r}; there is {', '.join(SCENARIOS)}", param_hint="--scenario")
    console = Console(highlight=False)
    try:
        report = asyncio.run(run(scenario, console, Path(tempfile.mkdtemp(prefix="turnout-demo-"))))
    except DemoError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(1)
    live.show(report, console)
    if output is not None:
        output.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    sys.exit(0 if report.result != "Failed" else 1)
