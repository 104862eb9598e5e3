"""Rollouts with the API and the controller as processes: what only a real store and a real death can show."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.controller_process import ControllerProcess, controller_process
from tests.support.objects import RESOURCES, ROUTES, route
from tests.support.peers import until
from tests.support.real_api import RealApi
from tests.support.rollout_stage import Traffic, rollout, scraper, setting, traffic
from turnout.kube.apply import apply_documents
from turnout.kube.client import Client
from turnout.store import ApiError

pytestmark = pytest.mark.e2e
Document = dict[str, Any]
ROLLOUTS, EVENTS = RESOURCES["InferenceRollout"], RESOURCES["Event"]
PAUSED: tuple[Document, ...] = ({"setWeight": 10}, {"pause": {}}, {"setWeight": 50}, {"pause": {}})
DEADLINE = 30.0


class Stage:
    """The API, the controller's process and its surroundings."""

    def __init__(self, client: Client, process: ControllerProcess, run: Path) -> None:
        self.client = client
        self.process = process
        self.run = run

    async def create(self, document: Document) -> None:
        await self.client.create(ROLLOUTS, "default", document)

    async def patch(self, patch: Document) -> None:
        await self.client.patch(ROLLOUTS, "default", "r", patch)

    async def get(self) -> Document | None:
        try:
            return await self.client.get(ROLLOUTS, "default", "r")
        except ApiError as error:
            if not error.not_found:
                raise
            return None

    async def status(self, condition: Callable[[Document], object]) -> Document:
        """The status once `condition` holds of it."""
        seen: Document = {}
        end = asyncio.get_running_loop().time() + DEADLINE
        while not (seen and condition(seen)):
            shown = {name: seen.get(name) for name in ("phase", "reason", "message", "weights")}
            assert asyncio.get_running_loop().time() < end, f"never: {shown}"
            await asyncio.sleep(0.01)
            seen = (await self.get() or {}).get("status") or {}
        return seen

    async def gone(self) -> None:
        """Waits until the rollout is no more."""
        end = asyncio.get_running_loop().time() + DEADLINE
        while await self.get() is not None:
            assert asyncio.get_running_loop().time() < end, "it is still there"
            await asyncio.sleep(0.01)


def check(scenario: Callable[[Stage, Traffic], Awaitable[None]]) -> None:
    async def play(api: RealApi, run: Path) -> None:
        async with Client(api.url) as client, scraper(run):
            outcomes = await apply_documents(client, setting())
            assert not [each.error for each in outcomes if each.error]
            with controller_process(api.url, run) as process:
                async with traffic(run) as worker:
                    await scenario(Stage(client, process, run), worker)

    with tempfile.TemporaryDirectory(prefix="turnout-") as name, RealApi() as api:
        asyncio.run(play(api, Path(name)))


def at_pause(status: Document) -> bool:
    return bool(status["reason"] == "PauseStep" and status["weights"]["effective"] == 10)


def condition(status: Document, kind: str) -> Document:
    return next((one for one in status["conditions"] if one["type"] == kind), {})


def test_a_rollout_is_promoted_and_the_route_is_not_written() -> None:
    async def scenario(stage: Stage, _worker: Traffic) -> None:
        await stage.create(rollout())
        status = await stage.status(lambda now: now["completionStatus"])
        assert status["completionStatus"] == "Promoted"
        assert condition(status, "Completed")["status"] == "True"
        assert (await stage.client.get(ROUTES, "default", "route"))["metadata"]["generation"] == 1
        assert await stage.get() is not None
        assert status["observedGeneration"] == 1

    check(scenario)


def test_a_controller_killed_at_a_step_goes_on_from_it() -> None:
    async def scenario(stage: Stage, _worker: Traffic) -> None:
        await stage.create(rollout(steps=PAUSED))
        await stage.status(at_pause)
        stage.process.kill()
        await stage.patch({"metadata": {"annotations": {"turnout.dev/action": '{"id": "1", "verb": "promote"}'}}})
        stage.process.start()
        async with traffic(stage.run, 1) as again:
            status = await stage.status(lambda now: now["weights"]["effective"] == 50)
            assert status["engine"]["round"] == 1
            assert again.share() == 50
            events = (await stage.client.list(EVENTS, "default")).items
            assert [one["reason"] for one in events].count("PreflightPassed") == 1

    check(scenario)


def test_an_unfinished_rollout_can_be_deleted_and_the_spec_is_in_force() -> None:
    async def scenario(stage: Stage, worker: Traffic) -> None:
        await stage.create(rollout(steps=PAUSED))
        await stage.status(at_pause)
        await stage.client.delete(ROLLOUTS, "default", "r")
        await stage.gone()
        await until(lambda: worker.share() == 0)

    check(scenario)


def test_a_promoted_rollout_stays_until_the_route_names_the_candidate() -> None:
    async def scenario(stage: Stage, worker: Traffic) -> None:
        await stage.create(rollout())
        await stage.status(lambda now: now["completionStatus"] == "Promoted")
        await stage.client.delete(ROLLOUTS, "default", "r")
        status = await stage.status(lambda now: condition(now, "DeletionBlocked").get("status") == "True")
        assert "name: llm-new" in condition(status, "DeletionBlocked")["message"]
        assert worker.share() == 100
        rules = route(llm_new=1)["spec"]["rules"]
        await stage.client.patch(ROUTES, "default", "route", {"spec": {"rules": rules}})
        await stage.gone()
        assert worker.share() == 100

    check(scenario)


def test_a_promoted_rollout_that_may_be_reverted_can_be_deleted() -> None:
    async def scenario(stage: Stage, worker: Traffic) -> None:
        await stage.create(rollout())
        await stage.status(lambda now: now["completionStatus"] == "Promoted")
        await stage.client.delete(ROLLOUTS, "default", "r")
        await stage.status(lambda now: condition(now, "DeletionBlocked").get("status") == "True")
        await stage.patch({"metadata": {"annotations": {"turnout.dev/revert-on-delete": "true"}}})
        await stage.gone()
        await until(lambda: worker.share() == 0)

    check(scenario)


def test_a_controller_killed_while_a_deletion_waits_lets_go_later() -> None:
    async def scenario(stage: Stage, _worker: Traffic) -> None:
        await stage.create(rollout(steps=PAUSED))
        await stage.status(at_pause)
        stage.process.kill()
        await stage.client.delete(ROLLOUTS, "default", "r")
        assert await stage.get() is not None
        stage.process.start()
        await stage.gone()

    check(scenario)
