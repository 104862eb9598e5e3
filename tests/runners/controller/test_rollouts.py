"""Rollouts in the controller, with objects in memory and everything around played by the test."""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.objects import RESOURCES, ROUTES, pool, route
from tests.support.peers import Peer, until
from tests.support.rollout_stage import ROUTE, Scraper, Traffic, rollout, scraper, setting, traffic
from turnout.channels import Acknowledged
from turnout.rollout.events import Event, SpecChanged
from turnout.rollout.machine import step
from turnout.rollout.state import State
from turnout.rollout.turn import Turn
from turnout.runners.controller import rollout as module
from turnout.runners.controller.controller import Controller
from turnout.store.memory import Memory

Document = dict[str, Any]
ROLLOUTS, EVENTS = RESOURCES["InferenceRollout"], RESOURCES["Event"]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A RUN of few enough characters for a Unix socket's path."""
    with tempfile.TemporaryDirectory(prefix="turnout-") as name:
        yield Path(name)


class Stage:
    def __init__(self, store: Memory, run: Path, scraper: Scraper) -> None:
        self.store = store
        self.run = run
        self.scraper = scraper

    async def create(self, document: Document) -> Document:
        return await self.store.create(ROLLOUTS, "default", document)

    async def get(self, name: str = "r") -> Document:
        return await self.store.get(ROLLOUTS, "default", name)

    async def status(self, condition: Callable[[Document], object], name: str = "r") -> Document:
        """The rollout's status once `condition` holds of it."""
        seen: Document = {}
        end = asyncio.get_running_loop().time() + 20.0
        while not (seen and condition(seen)):
            assert asyncio.get_running_loop().time() < end, f"never: {brief(seen)}"
            await asyncio.sleep(0.01)
            seen = (await self.get(name)).get("status") or {}
        return seen

    async def all_events(self) -> list[Document]:
        found = (await self.store.list(EVENTS, "default")).items
        return sorted(found, key=lambda each: each["metadata"]["name"].rpartition(".")[2])

    async def events(self) -> list[str]:
        return [one["reason"] for one in await self.all_events()]

    async def event(self, reason: str) -> Document:
        """The first Event of that reason, once there is one."""
        end = asyncio.get_running_loop().time() + 20.0
        while not (found := [one for one in await self.all_events() if one["reason"] == reason]):
            assert asyncio.get_running_loop().time() < end, f"no {reason}: {await self.events()}"
            await asyncio.sleep(0.01)
        return found[0]

    async def patch(self, patch: Document, name: str = "r") -> Document:
        return await self.store.patch(ROLLOUTS, "default", name, patch)


def brief(status: Document) -> Document:
    return {key: value for key, value in status.items() if key not in ("engine", "controller", "conditions")}


@asynccontextmanager
async def controller(store: Any, run: Path) -> AsyncIterator[Controller]:
    running = Controller(store, run, ("127.0.0.1", 8080))
    task = asyncio.create_task(running.run())
    try:
        yield running
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def stored_setting() -> Memory:
    store = Memory()
    for document in setting():
        resource = RESOURCES[document["kind"]]
        await store.create(resource, "default" if resource.namespaced else "", document)
    return store


def check(folder: Path, scenario: Callable[[Stage, Traffic], Awaitable[None]]) -> None:
    async def run() -> None:
        store = await stored_setting()
        async with scraper(folder) as played, controller(store, folder), traffic(folder) as worker:
            await scenario(Stage(store, folder, played), worker)

    asyncio.run(run())


PAUSED: tuple[Document, ...] = ({"setWeight": 10}, {"pause": {}}, {"setWeight": 50}, {"pause": {}})


def act(verb: str, **more: Any) -> Document:
    wish = {"id": f"{verb}-{more}", "verb": verb, **more}
    return {"metadata": {"annotations": {"turnout.dev/action": json.dumps(wish)}}}


def at_pause(status: Document) -> bool:
    return bool(status["reason"] == "PauseStep" and status["weights"]["effective"] == 10)


def true_conditions(status: Document) -> set[str]:
    return {one["type"] for one in status["conditions"] if one["status"] == "True"}


def test_a_good_candidate_is_promoted(folder: Path) -> None:
    async def scenario(stage: Stage, worker: Traffic) -> None:
        await stage.create(rollout())
        status = await stage.status(lambda now: now.get("completionStatus"))
        assert (status["phase"], status["completionStatus"]) == ("Healthy", "Promoted")
        assert {"Accepted", "ResolvedRefs", "Completed", "PreflightPassed", "SpecDrift"} <= true_conditions(status)
        assert (await stage.store.get(ROUTES, "default", "route"))["metadata"]["generation"] == 1
        await until(lambda: worker.seen == [10, 50, 100])

    check(folder, scenario)


def test_a_bad_candidate_is_aborted_and_gets_nothing_more(folder: Path) -> None:
    async def scenario(stage: Stage, worker: Traffic) -> None:
        worker.bad = 0.5
        await stage.create(rollout())
        status = await stage.status(lambda now: now.get("completionStatus"))
        assert (status["phase"], status["completionStatus"]) == ("Degraded", "Aborted")
        assert status["reason"] == "AnalysisFailed"
        assert status["quarantined"] == [status["candidateRevision"]]
        await stage.status(lambda now: now["weights"]["effective"] == 0)
        assert worker.share() == 0

    check(folder, scenario)


def test_there_is_an_event_for_every_transition_once(folder: Path) -> None:
    async def scenario(stage: Stage, _worker: Traffic) -> None:
        await stage.create(rollout())
        await stage.status(lambda now: now.get("completionStatus"))
        await stage.event("RolloutCompleted")
        found = await stage.events()
        assert found[:3] == ["RolloutUpdated", "PreflightPassed", "TrafficWeightUpdated"]
        assert found.count("RolloutStepCompleted") == 5
        assert found.count("TrafficWeightUpdated") == 3
        assert found.count("RolloutCompleted") == 1

    check(folder, scenario)


def test_an_event_is_about_its_rollout(folder: Path) -> None:
    async def scenario(stage: Stage, _worker: Traffic) -> None:
        made = await stage.create(rollout())
        event = await stage.event("PreflightPassed")
        involved = event["involvedObject"]
        assert (involved["kind"], involved["name"], involved["uid"]) == (
            "InferenceRollout",
            "r",
            made["metadata"]["uid"],
        )
        assert event["type"] == "Normal"
        assert "serves m" in event["message"]

    check(folder, scenario)


def test_writes_of_a_rollouts_status_make_no_new_table(folder: Path) -> None:
    async def scenario(stage: Stage, worker: Traffic) -> None:
        await stage.create(rollout(steps=PAUSED))
        before = await stage.status(at_pause)
        tables = worker.tables
        await stage.status(lambda now: now["backends"][1]["requests"] >= before["backends"][1]["requests"] + 500)
        assert worker.tables == tables

    check(folder, scenario)


def test_an_action_is_followed_once(folder: Path) -> None:
    async def scenario(stage: Stage, _worker: Traffic) -> None:
        await stage.create(rollout(steps=PAUSED))
        await stage.status(at_pause)
        await stage.patch(act("promote"))
        status = await stage.status(lambda now: now["weights"]["effective"] == 50 and now["reason"] == "PauseStep")
        assert status["lastAction"] == {
            "id": "promote-{}",
            "verb": "promote",
            "result": "Accepted",
            "message": "promoted",
        }
        await stage.patch({"metadata": {"labels": {"touched": "true"}}})
        await stage.patch(act("set-weight", weight=60))
        status = await stage.status(lambda now: now["lastAction"]["verb"] == "set-weight")
        assert status["weights"]["desired"] == 60
        assert [one["reason"] for one in await stage.all_events()].count("RolloutResumed") == 1

    check(folder, scenario)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "turnout.dev/action"),
        ('{"id": "1", "verb": "dance"}', "$.verb"),
        ('{"id": "1", "verb": "set-weight"}', "weight"),
        ('{"id": "", "verb": "abort"}', "id"),
    ],
)
def test_an_action_that_cannot_be_read_is_refused_with_the_reason(folder: Path, text: str, said: str) -> None:
    async def scenario(stage: Stage, _worker: Traffic) -> None:
        await stage.create(rollout(steps=PAUSED))
        await stage.status(at_pause)
        await stage.patch({"metadata": {"annotations": {"turnout.dev/action": text}}})
        status = await stage.status(lambda now: now.get("lastAction"))
        assert status["lastAction"]["result"] == "Refused"
        assert said in status["lastAction"]["message"]

    check(folder, scenario)


def test_the_specs_own_switches_pause_resume_abort_and_retry(folder: Path) -> None:
    async def scenario(stage: Stage, _worker: Traffic) -> None:
        await stage.create(rollout(steps=({"setWeight": 10}, {"pause": {"duration": "1h"}})))
        await stage.status(lambda now: now["weights"]["effective"] == 10)
        await stage.patch({"spec": {"paused": True}})
        await stage.status(lambda now: now["reason"] == "UserPause")
        await stage.patch({"spec": {"paused": False}})
        await stage.status(lambda now: now["phase"] == "Progressing")
        await stage.patch({"spec": {"abort": True}})
        await stage.status(lambda now: now["completionStatus"] == "Aborted")
        await stage.patch({"spec": {"abort": False, "retryToken": "again"}})
        status = await stage.status(lambda now: now["phase"] == "Progressing" and now["weights"]["effective"] == 10)
        assert status["engine"]["round"] == 2

    check(folder, scenario)


def test_of_two_rollouts_of_one_rule_the_second_is_refused(folder: Path) -> None:
    async def scenario(stage: Stage, _worker: Traffic) -> None:
        await stage.create(rollout(steps=PAUSED))
        await stage.status(at_pause)
        await stage.create(rollout("s"))
        status = await stage.status(lambda now: now["reason"] == "Conflicted", "s")
        assert status["phase"] == "Degraded"
        assert "default/r" in status["message"]
        assert (await stage.status(at_pause))["phase"] == "Paused"

    check(folder, scenario)


def test_a_candidate_without_ready_endpoints_gets_nothing_and_the_step_holds(folder: Path) -> None:
    async def scenario(stage: Stage, worker: Traffic) -> None:
        await stage.create(rollout(steps=PAUSED))
        await stage.status(at_pause)
        stage.scraper.post(llm_new=0)
        status = await stage.status(lambda now: now["weights"]["effective"] == 0)
        assert status["weights"]["desired"] == 10
        assert worker.share() == 0
        stage.scraper.post(llm_new=1)
        await stage.status(lambda now: now["weights"]["effective"] == 10)

    check(folder, scenario)


def test_a_route_that_changes_is_in_force_at_once_and_pauses(folder: Path) -> None:
    async def scenario(stage: Stage, worker: Traffic) -> None:
        await stage.create(rollout(steps=PAUSED))
        await stage.status(at_pause)
        rules = route(llm=3, llm_new=1)["spec"]["rules"]
        await stage.store.patch(ROUTES, "default", "route", {"spec": {"rules": rules}})
        await until(lambda: worker.share() == 25)
        status = await stage.status(lambda now: now["reason"] == "RouteChanged")
        assert status["overlay"] == "Suspended"
        await stage.patch(act("resume"))
        await stage.status(lambda now: now["overlay"] == "Active" and now["weights"]["effective"] == 10)
        assert worker.share() == 10

    check(folder, scenario)


def test_a_worker_that_does_not_acknowledge_holds_the_step(folder: Path) -> None:
    async def scenario(stage: Stage, _worker: Traffic) -> None:
        async with Peer(stage.run, "worker", 1, silent=True) as silent:
            await stage.create(rollout())
            await until(lambda: silent.weights(ROUTE) == {"llm": 90, "llm-new": 10})
            status = await stage.status(lambda now: now["weights"]["desired"] == 10)
            assert (status["weights"]["effective"], status["reason"]) == (0, "SettingWeight")
            silent.send(Acknowledged(silent.version))
            silent.silent = False
            await stage.status(lambda now: now["completionStatus"] == "Promoted")

    check(folder, scenario)


def test_a_successor_goes_on_from_the_status(folder: Path) -> None:
    async def run() -> None:
        store = await stored_setting()
        async with scraper(folder) as played:
            stage = Stage(store, folder, played)
            async with controller(store, folder), traffic(folder):
                await stage.create(rollout(steps=PAUSED))
                before = await stage.status(at_pause)
            async with controller(store, folder), traffic(folder) as worker:
                await until(lambda: worker.share() == 10)
                await stage.patch(act("promote", full=True))
                after = await stage.status(lambda now: now["completionStatus"] == "Promoted")
                await stage.event("RolloutCompleted")
            assert after["engine"]["round"] == before["engine"]["round"]
            names = [one["metadata"]["name"] for one in await stage.all_events()]
            assert [int(name.rpartition(".")[2][:4], 16) for name in names] == list(range(1, len(names) + 1))

    asyncio.run(run())


def test_an_engines_state_that_cannot_be_read_stands_still_and_keeps_the_weights(folder: Path) -> None:
    async def run() -> None:
        store = await stored_setting()
        async with scraper(folder) as played:
            stage = Stage(store, folder, played)
            async with controller(store, folder), traffic(folder):
                await stage.create(rollout(steps=PAUSED))
                await stage.status(at_pause)
            await store.patch_status(ROLLOUTS, "default", "r", {"engine": {"stage": 7}})
            async with controller(store, folder), traffic(folder) as worker:
                status = await stage.status(lambda now: "ControllerFault" in true_conditions(now))
                assert "stage" in str(status["conditions"])
                await until(lambda: worker.share() == 10)

    asyncio.run(run())


def test_a_status_that_another_has_written_is_gone_on_from(folder: Path) -> None:
    async def scenario(stage: Stage, _worker: Traffic) -> None:
        await stage.create(rollout(steps=PAUSED))
        status = await stage.status(at_pause)
        theirs = {**status["engine"], "gaps": 4711}
        await stage.store.patch_status(ROLLOUTS, "default", "r", {"engine": theirs})
        await stage.status(lambda now: now["engine"].get("gaps", 0) >= 4711 and now["engine"] != theirs)

    check(folder, scenario)


def test_a_turn_that_fails_is_said_and_harms_no_other(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(state: State, event: Event, now: float) -> Turn:
        if isinstance(event, SpecChanged) and event.spec.progress_deadline_seconds == 13:
            raise RuntimeError("thirteen")
        return step(state, event, now)

    monkeypatch.setattr(module, "step", failing)

    async def scenario(stage: Stage, _worker: Traffic) -> None:
        await stage.create(rollout("bad", progressDeadlineSeconds=13, targetRef={"name": "none"}))
        await stage.create(rollout())
        status = await stage.status(lambda now: "ControllerFault" in true_conditions(now), "bad")
        assert "thirteen" in str(status["conditions"])
        await stage.status(lambda now: now["completionStatus"] == "Promoted")

    check(folder, scenario)


def test_a_spec_that_cannot_be_read_is_refused(folder: Path) -> None:
    async def scenario(stage: Stage, _worker: Traffic) -> None:
        await stage.create(rollout(stable={"name": ""}))
        status = await stage.status(lambda now: now["reason"] == "InvalidSpec")
        assert "spec.stable.name" in status["message"]

    check(folder, scenario)


def test_undo_to_a_third_pool_is_written_into_the_spec(folder: Path) -> None:
    async def scenario(stage: Stage, _worker: Traffic) -> None:
        await stage.store.create(RESOURCES["InferencePool"], "default", pool("llm-next"))
        stage.scraper.post(llm_next=1)
        await stage.create(rollout(steps=({"setWeight": 100},)))
        await stage.status(lambda now: now["completionStatus"] == "Promoted")
        await stage.patch({"spec": {"stable": {"name": "llm-new"}, "candidate": {"name": "llm-next"}}})
        await stage.status(lambda now: now["completionStatus"] == "Promoted" and now["engine"]["round"] == 2)
        first = next(one for one in (await stage.get())["status"]["history"] if one["pool"] == "llm")
        await stage.patch(act("undo", revision=first["revision"]))
        status = await stage.status(lambda now: now["completionStatus"] == "Promoted" and now["engine"]["round"] == 3)
        spec = (await stage.get())["spec"]
        assert (spec["stable"]["name"], spec["candidate"]["name"]) == ("llm-next", "llm")
        assert status["target"]["base"] == "llm"

    check(folder, scenario)
