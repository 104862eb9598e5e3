"""The `turnout` command: a group whose verbs are loaded when they are called, so that `--help` stays fast."""

import importlib

import click

VERBS = ("up", "apply", "get", "describe", "delete", "rollout", "explain", "check", "sim", "demo")


class Verbs(click.Group):
    """Each verb is `turnout.cli.<verb>.command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs in the order in which a newcomer meets them."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb's command, or None for a verb that does not exist."""
        if cmd_name not in VERBS:
            return None
        command = importlib.import_module(f"turnout.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="turnout")
def main() -> None:
    """Ship new nodes, models and adapters behind one inference gateway, without dropping a token."""
