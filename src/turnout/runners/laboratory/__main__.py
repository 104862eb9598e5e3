"""`python -m turnout.runners.laboratory aa|power`: prints the study's table, and writes it as JSON."""

import time
from pathlib import Path

import click
import msgspec

from turnout.runners.laboratory.studies import ALPHA, Group, Power, null_study, power_study


@click.group()
def main() -> None:
    """The rollout engine on a virtual clock."""


@main.command()
@click.option("--rollouts", default=2000, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--json", "json_path", type=click.Path(path_type=Path), default=None, help="Where to write the numbers.")
def aa(rollouts: int, seed: int, json_path: Path | None) -> None:
    """False aborts of candidates that are no worse."""
    began = time.monotonic()
    groups: list[Group] = []
    click.echo(f"A/A, alpha {ALPHA:g}\n{'TRAFFIC':20}{'ROLLOUTS':>9}{'ABORTED':>9}  {'SHARE [95 %]':24}ENDS")
    for one in null_study(rollouts, seed):
        groups.append(one)
        share = one.aborted / one.rollouts if one.rollouts else 0.0
        interval = f"{100 * share:.2f} % [{100 * one.low:.2f}, {100 * one.high:.2f}]"
        ends = ", ".join(f"{end} {count}" for end, count in one.ends.items())
        click.echo(f"{one.kind:20}{one.rollouts:9}{one.aborted:9}  {interval:24}{ends}")
    click.echo(f"{groups[-1].requests} requests in {time.monotonic() - began:.0f} s")
    write(json_path, groups)


@main.command()
@click.option("--rollouts", default=40, show_default=True, help="Per cell.")
@click.option("--seed", default=1, show_default=True)
@click.option("--json", "json_path", type=click.Path(path_type=Path), default=None, help="Where to write the numbers.")
def power(rollouts: int, seed: int, json_path: Path | None) -> None:
    """How soon a candidate that is worse is caught."""
    began = time.monotonic()
    cells: list[Power] = []
    click.echo(f"Power, alpha {ALPHA:g}: medians")
    head = f"{'METRIC':8}{'SHARE':>6}{'HARM':>6}{'CAUGHT':>9}{'EVENTS (p90)':>14}{'REQUESTS':>10}"
    click.echo(f"{head}{'CANDIDATE':>10}{'SECONDS':>9}")
    for one in power_study(rollouts, seed):
        cells.append(one)
        events = f"{one.events:.0f} ({one.events_p90:.0f})"
        click.echo(
            f"{one.metric:8}{one.share:4} %{one.times:5.0f}x{one.aborted:5}/{one.rollouts:<3}{events:>14}"
            f"{one.requests:10.0f}{one.candidate_requests:10.0f}{one.seconds:9.0f}"
        )
    click.echo(f"{time.monotonic() - began:.0f} s")
    write(json_path, cells)


def write(path: Path | None, found: list[Group] | list[Power]) -> None:
    """The numbers as JSON, if somebody wants them."""
    if path is not None:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(found)))


if __name__ == "__main__":
    main()
