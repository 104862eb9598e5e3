"""`turnout sim`: simulated model servers."""

import sys

import click

from turnout.simulator import DEFAULT, KINDS, PROFILES, FaultError, Faults, parse_faults


def _faults(_context: click.Context, _option: click.Parameter, texts: tuple[str, ...]) -> Faults:
    try:
        return parse_faults(texts)
    except FaultError as error:
        raise click.BadParameter(str(error)) from error


def _name(_context: click.Context, _option: click.Parameter, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
    for each in (value,) if isinstance(value, str) else value:
        if not each or each.split() != [each]:
            raise click.BadParameter(f"{each!r} is empty or has spaces")
    return value


@click.command("sim", epilog=f"Faults: {', '.join(KINDS.values())}. Chances add up to at most 1.")
@click.option("--port", type=click.IntRange(0, 65535), required=True, help="The first port; 0 takes free ones.")
@click.option("--count", type=click.IntRange(1, 1024), default=1, show_default=True, help="Servers, on ports in a row.")
@click.option("--model", required=True, metavar="NAME", callback=_name, help="The base model that they serve.")
@click.option("--lora", "loras", multiple=True, metavar="NAME", callback=_name, help="An adapter of it. Repeatable.")
@click.option(
    "--profile", type=click.Choice(list(PROFILES)), default=DEFAULT, show_default=True, help="How fast they are."
)
@click.option("--fault", "faults", multiple=True, metavar="KIND=VALUE", callback=_faults, help="See below. Repeatable.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the choice of the requests that meet a fault.")
def command(port: int, count: int, model: str, loras: tuple[str, ...], profile: str, faults: Faults, seed: int) -> None:
    """Run vLLM-compatible simulated model servers on 127.0.0.1.

    An answer has as many tokens as `max_tokens` says, or 16 to 128 that follow from the prompt; it begins with the
    model's name.
    """
    from turnout.runners.sim import Options, PortError, run
    from turnout.simulator import find_profile
    from turnout.simulator.requests import Served
    from turnout.telemetry import logs

    names = (model, *loras)
    if len(set(names)) < len(names):
        raise click.UsageError("--model and --lora: each name can be given once")
    logs.configure("sim")
    speed = find_profile(profile)
    served = Served(model, loras, speed.max_model_len)
    options = Options(port=port, count=count, served=served, profile=speed, faults=faults, seed=seed)
    try:
        code = run(options, lambda first, last: click.echo(f"ready model={model} ports={first}-{last}"))
    except PortError as error:
        click.echo(f"error: {error}", err=True)
        code = 1
    sys.exit(code)
