"""`turnout up`: the whole system in one command."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from turnout.cli.address import ADDRESS, Address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from turnout.resources.document import Document
    from turnout.runners.up import Options, Watched


@click.command("up")
@click.option(
    "-f", "--filename", "paths", multiple=True, metavar="PATH", help="A file or folder to apply at start. Repeatable."
)
@click.option("--watch", is_flag=True, help="Re-apply what changes in -f and delete what it no longer holds.")
@click.option("--gateway", type=ADDRESS, default="127.0.0.1:8080", show_default=True, help="Where requests come in.")
@click.option("--api", type=ADDRESS, default="127.0.0.1:8001", show_default=True, help="Where kubectl talks to.")
@click.option("--api-auth", is_flag=True, help="HTTPS and a token for the API on loopback too.")
@click.option("--state", default=None, metavar="DIR", help="Keeps objects across restarts; `memory` keeps nothing.")
@click.option("--access-log", metavar="PATH|-", help="Logs every request, unless its Gateway says otherwise.")
@click.option("--workers", type=click.IntRange(1, 64), default=None, help="Gateway processes.  [default: cores - 1]")
def command(  # noqa: PLR0913 - its options
    paths: tuple[str, ...],
    watch: bool,  # noqa: FBT001 - a flag
    gateway: Address,
    api: Address,
    api_auth: bool,  # noqa: FBT001 - a flag
    state: str | None,
    access_log: str | None,
    workers: int | None,
) -> None:
    """Run the API, the controllers and the gateway on this machine."""
    from turnout.kube.kubeconfig import user_kubeconfig
    from turnout.runners.up import Options
    from turnout.telemetry import logs

    logs.configure("up")
    documents, watched = _manifests(paths, watch=watch)
    folder = None if state == "memory" else Path(state) if state is not None else user_kubeconfig().parent
    options = Options(
        documents=documents,
        watched=watched,
        gateway=gateway,
        api=api,
        api_auth=api_auth,
        state=folder.absolute() if folder is not None else None,
        access_log=access_log if access_log in {None, "-"} else str(Path(access_log).absolute()),
        workers=workers if workers is not None else max(1, (os.cpu_count() or 1) - 1),
    )
    sys.exit(asyncio.run(_run(options)))


def _manifests(paths: tuple[str, ...], *, watch: bool) -> "tuple[Sequence[Document], Watched | None]":
    """What to apply at start, and what to follow. Ends the command where a file cannot be read."""
    from turnout.cli.manifestfiles import load_paths
    from turnout.cli.watchedfiles import WatchedFiles
    from turnout.runners.up import Watched

    if not watch:
        loaded = load_paths(paths)
        _end_with(map(str, loaded.faults))
        return [each.document for each in loaded.documents], None
    if not paths or "-" in paths:
        raise click.UsageError("--watch needs files or folders, named with -f")
    files = WatchedFiles(paths)
    stamp = files.stamp()  # before it is read: what changes in between is seen
    reading = files.read()
    _end_with(reading.faults)
    return reading.documents, Watched(files, reading, stamp)


def _end_with(faults: "Iterable[str]") -> None:
    lines = list(faults)
    for line in lines:
        click.echo(line, err=True)
    if lines:
        sys.exit(1)


async def _run(options: "Options") -> int:
    from turnout.runners.up import StartError, System

    asked = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    try:
        system = System(options)
    except (OSError, StartError) as error:
        click.echo(f"error: {error.strerror if isinstance(error, OSError) else error}", err=True)
        return 1
    terminal = _terminal() and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, _hung_up, system.renew, asked.set, terminal)
    starting = asyncio.create_task(system.start())
    stopping = asyncio.create_task(asked.wait())
    try:
        await asyncio.wait((starting, stopping), return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            click.echo(starting.result())
            await stopping
    except StartError as error:
        click.echo(f"error: {error}", err=True)
        return 1
    finally:
        starting.cancel()
        stopping.cancel()
        await system.stop()
    return 0


def _terminal() -> bool:
    """Whether there is a terminal that would tell this process of its end."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True


def _hung_up(renew: "Callable[[], None]", end: "Callable[[], None]", had_terminal: bool) -> None:  # noqa: FBT001
    """SIGHUP renews the workers, unless it says that the terminal is gone in which this command ran."""
    if had_terminal and not _terminal():
        end()
    else:
        renew()
