"""A rollout between two pools of simulated servers, end to end: its manifest, and its status as it moves."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from turnout.kube.client import Client
from turnout.store import ApiResource

ROLLOUTS = ApiResource("turnout.dev", "v1alpha1", "inferencerollouts", "InferenceRollout", namespaced=True)
ROUTES = ApiResource("gateway.networking.k8s.io", "v1", "httproutes", "HTTPRoute", namespaced=True)
EVENTS = ApiResource("", "v1", "events", "Event", namespaced=True)
Document = dict[str, Any]


def rollout(
    name: str = "r",
    *,
    stable: str = "llm",
    candidate: str = "llm-new",
    steps: Sequence[Document] = (),
    metrics: Sequence[Document] = (),
    bake: str = "1s",
) -> Document:
    """A rollout of the seed's route; by default it ramps through 10 and 50 percent in seconds."""
    look: Document = {"analysis": {"minDuration": "2s", "minSamples": 10, "maxDuration": "60s"}}
    group = "inference.networking.k8s.io"
    return {
        "apiVersion": "turnout.dev/v1alpha1",
        "kind": "InferenceRollout",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "targetRef": {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "routes-to-llm"},
            "stable": {"group": group, "kind": "InferencePool", "name": stable},
            "candidate": {"group": group, "kind": "InferencePool", "name": candidate},
            "strategy": {
                "canary": {
                    "steps": list(steps) or [{"setWeight": 10}, look, {"setWeight": 50}, look, {"setWeight": 100}],
                    "bake": {"duration": bake},
                }
            },
            "analysis": {
                "coldGrace": "0s",
                "metrics": list(metrics)
                or [
                    {"name": "errors", "builtin": "ErrorRate", "compare": {}},
                    {"name": "broken", "builtin": "BrokenStream", "compare": {}},
                ],
            },
        },
    }


class Followed:
    """What a rollout's status has been, newest last."""

    def __init__(self) -> None:
        self.statuses: list[Document] = []
        self._news = asyncio.Condition()

    @property
    def status(self) -> Document:
        """The newest."""
        return self.statuses[-1] if self.statuses else {}

    async def see(self, status: Document) -> None:
        """Takes in a status."""
        async with self._news:
            self.statuses.append(status)
            self._news.notify_all()

    async def until(self, seconds: float = 60.0, **fields: object) -> Document:
        """Waits until the status has these fields; fails with what it had."""
        try:
            async with asyncio.timeout(seconds), self._news:
                await self._news.wait_for(lambda: all(self.status.get(name) == value for name, value in fields.items()))
        except TimeoutError:
            shown = {name: self.status.get(name) for name in ("phase", "reason", "message", "weights", "step")}
            raise AssertionError(f"not {fields} within {seconds:.0f} s, but {shown}") from None
        return self.status

    async def until_weight(self, weight: int, seconds: float = 60.0, *, most: bool = False) -> Document:
        """Waits until every worker gives the candidate at least (at `most`) `weight` percent."""

        def reached() -> bool:
            effective = (self.status.get("weights") or {}).get("effective", 0)
            return bool(effective <= weight if most else effective >= weight)

        try:
            async with asyncio.timeout(seconds), self._news:
                await self._news.wait_for(reached)
        except TimeoutError:
            raise AssertionError(f"never {weight} percent, but {self.status}") from None
        return self.status


@asynccontextmanager
async def followed(client: Client, name: str = "r", version: str = "0") -> AsyncIterator[Followed]:
    """Follows the rollout's status while the body runs, over restarts of whoever writes it."""
    seen = Followed()

    async def watch() -> None:
        async for event in client.watch(ROLLOUTS, version, "default"):
            document = getattr(event, "document", None)
            if document is not None and document["metadata"]["name"] == name:
                await seen.see(document.get("status") or {})

    task = asyncio.create_task(watch())
    try:
        yield seen
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
