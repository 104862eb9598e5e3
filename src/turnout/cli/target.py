"""Which server a verb talks to: the options that those verbs share, and how they end when it refuses."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from turnout.kube.client import Client

Verb = TypeVar("Verb", bound=Callable[..., Any])


class Asked(click.ClickException):
    """Ends the verb with exit code 1 and a line that begins as the text says, as kubectl's do."""

    def show(self, file: Any = None) -> None:
        """The text as it is, on stderr."""
        click.echo(self.message, err=True)


def target_options(verb: Verb) -> Verb:
    """`--api`, `--kubeconfig` and `-n`, as parameters `api`, `kubeconfig` and `namespace`; empty when not given."""
    for option in (
        click.option("-n", "--namespace", default="", metavar="NAMESPACE", help="Instead of the kubeconfig's."),
        click.option("--kubeconfig", default="", metavar="PATH", help="The file that names the server."),
        click.option("--api", default="", metavar="URL", help="The server; else a kubeconfig's, else `turnout up`'s."),
    ):
        verb = option(verb)
    return verb


def talk(api: str, kubeconfig: str, work: "Callable[[Client], Awaitable[int]]", *, writes: bool = False) -> int:
    """Runs `work` with a client of the target and returns its exit code. A verb that writes says first where to."""
    from turnout.kube.discovery import UnknownKindError
    from turnout.kube.kubeconfig import NoTargetError, find_target
    from turnout.store import ApiError, UnreachableError

    try:
        target = find_target(api, kubeconfig)
        if writes:
            click.echo(f"server {target.server}", err=True)
        return asyncio.run(_with_client(target, work))
    except ApiError as error:
        raise Asked(refusal(error)) from error
    except (NoTargetError, UnreachableError, UnknownKindError) as error:
        raise Asked(f"error: {error}") from error
    except KeyboardInterrupt:
        return 130


async def _with_client(target: Any, work: "Callable[[Client], Awaitable[int]]") -> int:
    from turnout.kube.client import Client

    async with Client(target, agent="turnout-cli") as client:
        return await work(client)


def refusal(error: Any) -> str:
    """An `ApiError` in kubectl's words."""
    return f"Error from server ({error.reason}): {error.message}"
