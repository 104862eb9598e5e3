"""The whole system in one command: the parent of the API, the controller, the scraper and the workers.

The parent owns the sockets and the in-flight file, starts again what dies, applies the manifests that it was given,
and is ready once every worker has acknowledged the table made from them.
"""

import asyncio
import logging
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from turnout.apiserver.state_folder import owner_of
from turnout.channels.inflight import InflightFile
from turnout.kube.apply import apply_documents
from turnout.kube.client import Client
from turnout.kube.kubeconfig import user_kubeconfig
from turnout.runners import listening
from turnout.runners.api_access import api_access
from turnout.runners.bootstrap import BOOTSTRAP
from turnout.runners.children import Child
from turnout.runners.following import Files, Following, Reading, remove_stale
from turnout.runners.parent_link import ParentLink
from turnout.runners.serving import Lifeline, Serving
from turnout.runners.workers import Workers

log = logging.getLogger("turnout.runners")

START_SECONDS = 60.0


@dataclass(frozen=True)
class Watched:
    """Files to follow. `reading` is what they held when their stamp was `stamp`."""

    files: Files
    reading: Reading
    stamp: object


@dataclass(frozen=True)
class Options:
    """What `turnout up` was asked for. `state` is None to keep nothing; a port of 0 means a free one.

    `api_auth` asks for TLS and a token on loopback too. `documents` are the manifests to apply, in order; `watched` the
    files that they are from, if those are to be followed. `drain` is how many seconds open requests get at the end.
    `access_log` is a path or `-`: all requests are logged there, unless their Gateway says otherwise.
    """

    documents: Sequence[dict[str, object]] = ()
    watched: Watched | None = None
    gateway: tuple[str, int] = ("127.0.0.1", 8080)
    api: tuple[str, int] = ("127.0.0.1", 8001)
    api_auth: bool = False
    state: Path | None = None
    workers: int = 1
    drain: float = 30.0
    access_log: str | None = None


class StartError(Exception):
    """The system could not be started; the text says why."""


class System:
    """One running `turnout up`, made inside a running event loop.

    Raises OSError when one of its two addresses cannot be bound and StartError when the state folder is another's;
    nothing is left behind then.
    """

    def __init__(self, options: Options) -> None:
        owner = owner_of(options.state) if options.state is not None else None
        if owner is not None:
            raise StartError(f"state folder {options.state} is in use by {owner}")
        self._options = options
        self._api_socket = listening.bind(*options.api)
        try:
            self._serving = Serving(*options.gateway, options.workers)
        except OSError:
            self._api_socket.close()
            raise
        self.gateway_url = _url(options.gateway[0], self._serving.main)
        self._run = Path(tempfile.mkdtemp(prefix="turnout-", dir=os.environ.get("XDG_RUNTIME_DIR")))
        self._kubeconfig = (options.state or self._run) / "kubeconfig"
        try:
            kept = options.state or self._run
            self._access = api_access(self._api_socket, options.api[0], kept, auth=options.api_auth)
            self._access.write(self._run / "api.kubeconfig")
        except OSError:
            self._api_socket.close()
            self._serving.close()
            shutil.rmtree(self._run, ignore_errors=True)
            raise
        self.api_url = self._access.target.server
        self._inflight = InflightFile.create(self._run / "inflight", options.workers)
        self._lifeline = Lifeline()
        self._link = ParentLink(self._run / "controller.sock", self._serving.want, os.getpid())
        self._following: asyncio.Task[None] | None = None
        self._hopeless: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._api = self._api_child()
        gateway = ("--gateway-host", options.gateway[0], "--gateway-port", str(self._serving.main))
        self._controller = self._part("controller", "--kubeconfig", str(self._run / "api.kubeconfig"), *gateway)
        self._scraper = self._part("scraper")
        shape = (options.workers, options.drain, options.access_log)
        self._workers = Workers(self._serving, self._inflight, self._run, *shape)

    async def start(self) -> str:
        """Starts everything; returns the `ready` line. Raises StartError; `stop` is due in either case."""
        for child in (self._api, self._scraper):
            child.start()
        self._workers.start()
        ready = asyncio.create_task(self._become_ready())
        done, _ = await asyncio.wait(
            (ready, self._hopeless), timeout=START_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        if ready in done:
            return ready.result()
        ready.cancel()
        if self._hopeless in done:
            raise StartError(self._hopeless.result())
        raise StartError(f"not ready within {START_SECONDS:.0f} s; the log above says what is missing")

    async def stop(self) -> None:
        """Drains the workers while everything else still runs, then ends the rest."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.wait([self._following])
        await self._workers.stop()
        await self._link.stop()
        await asyncio.gather(*(child.stop(10.0) for child in (self._controller, self._scraper, self._api)))
        self._serving.close()
        self._api_socket.close()
        self._lifeline.close()
        self._inflight.close()
        shutil.rmtree(self._run, ignore_errors=True)

    def renew(self) -> None:
        """Has every worker replaced by a fresh process, one after the other, without losing a request."""
        self._workers.renew()

    async def _become_ready(self) -> str:
        self._access.write(self._kubeconfig)
        async with Client(self._access.target) as client:
            applied = await apply_documents(client, [*BOOTSTRAP, *self._options.documents])
            refused = [f"{each.name}: {each.error}" for each in applied if each.error]
            if refused:
                raise StartError("\n".join(refused))
            if self._options.watched is not None:
                await remove_stale(client, self._options.watched.files, self._options.watched.reading)
        # Started after the last write, it lists all of them at once: ready need not wait for each kind's watch to move.
        self._controller.start()
        self._link.start()
        newest = max(each.resource_version for each in applied)
        await self._link.programmed(newest, range(self._options.workers))
        self._access.write(user_kubeconfig())
        self._following = self._follow()
        return f"ready gateway={self.gateway_url} api={self.api_url} kubeconfig={self._kubeconfig}"

    def _follow(self) -> "asyncio.Task[None] | None":
        watched = self._options.watched
        if watched is None:
            return None
        following = Following(watched.files, lambda: Client(self._access.target), watched.stamp)
        task = asyncio.create_task(following.run(), name="following")
        task.add_done_callback(_no_longer_followed)
        return task

    def _api_child(self) -> Child:
        state = str(self._options.state) if self._options.state is not None else "memory"

        def prepare() -> tuple[list[str], list[int]]:
            listener, lifeline = os.dup(self._api_socket.fileno()), self._lifeline.attach()
            return ["--fd", str(listener), "--parent-fd", str(lifeline)], [listener, lifeline]

        def died(code: int) -> None:
            if code == 1 and not self._hopeless.done():
                self._hopeless.set_result("the API refused to start; its reason is in the log above")

        arguments = ["--state", state, "--metrics", str(self._run / "metrics"), *self._access.arguments]
        return Child("api", "api", arguments, prepare=prepare, died=died)

    def _part(self, name: str, *arguments: str) -> Child:
        def prepare() -> tuple[list[str], list[int]]:
            lifeline = self._lifeline.attach()
            return ["--parent-fd", str(lifeline)], [lifeline]

        return Child(name, name, ["--run", str(self._run), *arguments], prepare=prepare)


def _no_longer_followed(task: "asyncio.Task[None]") -> None:
    if not task.cancelled():
        log.error("the files of -f are no longer followed", exc_info=task.exception())


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
