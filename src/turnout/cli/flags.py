"""Flags as kubectl takes them: `--wait=false`, `--timeout=30s`."""

import re
from collections.abc import Iterator, Sequence

import click

DURATION = re.compile(r"([0-9]+(\.[0-9]+)?(h|m|s|ms))+|0")
SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


class FlagCommand(click.Command):
    """A command whose flags may be given with a value: `--flag=true` is `--flag`, `--flag=false` its opposite."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The arguments that are left over."""
        return super().parse_args(ctx, list(self._plain(args)))

    def _plain(self, args: Sequence[str]) -> Iterator[str]:
        flags = {name: each for each in self.params if isinstance(each, click.Option) for name in each.opts}
        for number, argument in enumerate(args):
            if argument == "--":
                yield from args[number:]
                return
            name, _, value = argument.partition("=")
            option = flags.get(name)
            if option is None or not option.is_flag or value not in ("true", "false"):
                yield argument
            elif value == "true":
                yield name
            else:
                yield from option.secondary_opts[:1]


class DurationType(click.ParamType[float]):
    """Reads `30s`, `1m30s`, `0`; the value is in seconds."""

    name = "DURATION"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The seconds. Fails with a usage error."""
        if isinstance(value, int | float):
            return float(value)
        if not DURATION.fullmatch(str(value)):
            self.fail(f"{value!r} is no duration such as 30s or 1m30s", param, ctx)
        parts = re.findall(r"([0-9.]+)(h|ms|m|s)", str(value))
        return sum((float(number) * SECONDS[unit] for number, unit in parts), 0.0)


DURATION_TYPE = DurationType()
