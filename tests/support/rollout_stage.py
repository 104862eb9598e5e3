"""What a rollout needs around it, played by the test: a scraper, model servers, and workers that see traffic."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.support.objects import Document, gateway, gateway_class, namespace, pool, route
from tests.support.peers import Peer
from tests.support.scripted_api import scripted
from turnout.channels import ArmCount, ArmLoad, Assigned, EndpointStates, Miss, Report
from turnout.endpoints import Endpoint
from turnout.runners.controller.channel import bind
from turnout.scrape.board import Board
from turnout.table import Watch

ROUTE = "default/route"
METRICS = ("errors",)
SHORT = (
    {"setWeight": 10},
    {"analysis": {"minDuration": "200ms", "minSamples": 20}},
    {"setWeight": 50},
    {"analysis": {"minDuration": "200ms", "minSamples": 20}},
)


def setting() -> list[Document]:
    """A Gateway, a route whose requests all go to llm, and two pools."""
    return [namespace(), gateway_class(), gateway(), pool("llm"), pool("llm-new"), route(llm=1)]


def rollout(name: str = "r", *, steps: Sequence[Document] = SHORT, **spec: Any) -> Document:
    """llm -> llm-new in short steps."""
    return {
        "apiVersion": "turnout.dev/v1alpha1",
        "kind": "InferenceRollout",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "targetRef": {"name": "route"},
            "stable": {"name": "llm"},
            "candidate": {"name": "llm-new"},
            "strategy": {"canary": {"steps": list(steps)}},
            "analysis": {"coldGrace": "0s", "metrics": [{"name": "errors", "builtin": "ErrorRate"}]},
            **spec,
        },
    }


async def answer(request: web.Request) -> web.StreamResponse:
    """As a model server that serves `m`."""
    if request.path == "/v1/models":
        return web.json_response({"data": [{"id": "m", "max_model_len": 4096}]})
    return web.json_response({"choices": [{"message": {"content": "yes"}}]})


class Scraper:
    """RUN/scraper.sock. `post` says how many endpoints of a pool are ready; all are one server."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._board = Board()
        self._ready: dict[str, int] = {}

    async def serve(self, run: Path) -> None:
        await self._board.serve(bind(run / "scraper.sock"))

    def post(self, **ready: int) -> None:
        """An underscore in a pool's name stands for a dash."""
        self._ready |= {f"default/{name.replace('_', '-')}": count for name, count in ready.items()}
        pools = {
            name: tuple(Endpoint(f"{name}-{at}", self._address, at, ready=True, checked=1.0) for at in range(count))
            for name, count in self._ready.items()
        }
        self._board.post(EndpointStates(pools))

    def close(self) -> None:
        self._board.close()


@asynccontextmanager
async def scraper(run: Path) -> AsyncIterator[Scraper]:
    """Both pools ready, one server behind all of their endpoints."""
    async with scripted(answer) as url:
        played = Scraper(url.removeprefix("http://"))
        await played.serve(run)
        played.post(llm=2, llm_new=2)
        try:
            yield played
        finally:
            played.close()


class Traffic:
    """What a worker reports: 100 requests per report, in the proportion that its table says, from its first table on.

    `bad` is the share of the candidate's requests that miss `errors`. `seen` are the candidate's weights so far.
    """

    def __init__(self, worker: Peer) -> None:
        self.bad = 0.0
        self.seen: list[int] = []
        self._worker = worker
        self._seq = 0
        self._units = 0

    async def run(self) -> None:
        """Reports until cancelled."""
        while True:
            watch = self.watch()
            self._worker.send(self.report(watch))
            await asyncio.sleep(0.02)

    @property
    def tables(self) -> int:
        """How many tables the worker was told."""
        return len(self._worker.swaps)

    def watch(self) -> Watch | None:
        """The watch in the worker's table."""
        found = self._worker.table.routes.get(ROUTE)
        return found.rules[0].split.watch if found is not None else None

    def share(self) -> int:
        """The candidate's percent in the worker's table."""
        weights = self._worker.weights(ROUTE)
        total = sum(weights.values())
        return 100 * weights.get("llm-new", 0) // total if total else 0

    def report(self, watch: Watch | None) -> Report:
        """The next report."""
        self._seq += 1
        if watch is None:
            return Report(self._seq, (), 0, self._worker.version)
        share = self.share()
        if not self.seen or self.seen[-1] != share:
            self.seen.append(share)
        name, epoch, uid = watch.rollout, watch.epoch, watch.uid
        missed = round(share * self.bad)
        arms = {"stable": (100 - share, 0), "candidate": (share, missed)}
        self._units += missed
        return Report(
            self._seq,
            (),
            0,
            self._worker.version,
            arms=tuple(ArmCount(name, epoch, arm, "errors", "", *pair, uid) for arm, pair in arms.items()),
            misses=tuple(
                Miss(name, epoch, "candidate", "errors", "", self._units - at, share / 100, 0.0, uid)
                for at in range(missed)
            ),
            assignments=(Assigned(name, epoch, False, share / 100, 100 - share, share, uid),),
            loads=tuple(ArmLoad(name, epoch, arm, pair[0], 0, uid) for arm, pair in arms.items()),
        )


@asynccontextmanager
async def traffic(run: Path, number: int = 0) -> AsyncIterator[Traffic]:
    """A worker that acknowledges every table and reports."""
    async with Peer(run, "worker", number) as worker:
        played = Traffic(worker)
        task = asyncio.create_task(played.run())
        try:
            yield played
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
