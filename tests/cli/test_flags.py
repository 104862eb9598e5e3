"""Flags with values."""

import click
import pytest
from click.testing import CliRunner

from turnout.cli.flags import DURATION_TYPE, FlagCommand


@click.command(cls=FlagCommand)
@click.argument("rest", nargs=-1)
@click.option("--wait/--no-wait", default=True)
@click.option("--quiet", is_flag=True)
@click.option("--timeout", type=DURATION_TYPE, default=0.0)
def verb(rest: tuple[str, ...], wait: bool, quiet: bool, timeout: float) -> None:
    click.echo(f"{wait} {quiet} {timeout} {' '.join(rest)}".strip())


def said(*arguments: str) -> str:
    return CliRunner().invoke(verb, arguments).output.strip()


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        ([], "True False 0.0"),
        (["--wait=false", "--quiet=true"], "False True 0.0"),
        (["--wait=true", "--quiet=false"], "True False 0.0"),
        (["--wait", "a"], "True False 0.0 a"),
        (["--no-wait"], "False False 0.0"),
        (["--", "--wait=false"], "True False 0.0 --wait=false"),
    ],
)
def test_a_flag_may_have_a_value(arguments: list[str], shown: str) -> None:
    assert said(*arguments) == shown


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30.0), ("1m30s", 90.0), ("500ms", 0.5), ("0", 0.0), ("1.5h", 5400.0)]
)
def test_a_duration_is_in_seconds(text: str, seconds: float) -> None:
    assert said(f"--timeout={text}") == f"True False {seconds}"


@pytest.mark.parametrize("text", ["30", "1 s", "s", "-1s"])
def test_anything_else_is_no_duration(text: str) -> None:
    assert "is no duration" in said(f"--timeout={text}")
