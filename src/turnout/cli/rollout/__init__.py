"""`turnout rollout`: shift traffic from one pool to another, watch it, and step in."""

import importlib

import click

VERBS = {
    "create": "create:command",
    "list": "list:command",
    "get": "get:command",
    "status": "status:command",
    "promote": "actions:promote",
    "pause": "actions:pause",
    "resume": "actions:resume",
    "abort": "actions:abort",
    "retry": "actions:retry",
    "undo": "actions:undo",
    "set-weight": "actions:set_weight",
    "explain": "explain:command",
    "history": "history:command",
}
"""Where each verb is, `module:name`, in the order in which a newcomer meets them."""


class Verbs(click.Group):
    """Each verb is loaded when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All verbs, in order."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb's command, or None for a verb that does not exist."""
        if cmd_name not in VERBS:
            return None
        module, _, name = VERBS[cmd_name].partition(":")
        found = getattr(importlib.import_module(f"turnout.cli.rollout.{module}"), name)
        assert isinstance(found, click.Command)
        return found


@click.group("rollout", cls=Verbs)
def command() -> None:
    """Roll out a pool, step by step: it is judged on the way, and taken back if it is worse."""
