"""Durations on the command line, as manifests have them."""

import re

import click


class DurationType(click.ParamType[str]):
    """Reads `90s` or `1h30m` (GEP-2257); gives the text."""

    name = "DURATION"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text as it is. Fails with a usage error for what is no duration."""
        if not re.fullmatch("([0-9]{1,5}(h|m|s|ms)){1,4}", str(value)):
            self.fail(f"{value!r} is not a duration such as 90s or 1h30m", param, ctx)
        return str(value)


DURATION = DurationType()


def seconds(duration: str) -> float:
    """`1m30s` is 90.0."""
    from turnout.resources.durations import milliseconds

    return milliseconds(duration) / 1000
