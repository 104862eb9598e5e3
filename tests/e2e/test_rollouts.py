"""Rollouts as their users meet them: real servers, a real gateway, real load, and the seed's two stories."""

import asyncio
import json
import os
import signal
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import aiohttp
import psutil
import pytest

from tests.support.clients import Stream, now, stream
from tests.support.kubectl import kubectl_for
from tests.support.live_rollouts import EVENTS, ROLLOUTS, ROUTES, Document, Followed, followed, rollout
from tests.support.sim import Sim
from tests.support.system import System, system
from turnout.kube.client import Client
from turnout.runners.demo.scenario import Pools, manifests

pytestmark = pytest.mark.e2e


class Site(NamedTuple):
    """A running gateway over two pools, all of the traffic on stable."""

    up: System
    stable: Sim
    candidate: Sim
    pools: Pools


class Setting(NamedTuple):
    """The servers of a site: the candidate's `faults`, the pools' names, and the `profile` and `pace` of both pools."""

    faults: tuple[str, ...] = ()
    pools: Pools = Pools()
    profile: str = "instant"
    pace: tuple[str, ...] = ()


@pytest.fixture
def site(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Site]:
    """Takes a Setting, or the first of its fields, from the test's parameter, if it has one."""
    faults, pools, profile, pace = Setting(*getattr(request, "param", ()))
    with ExitStack() as stack:
        stable = stack.enter_context(Sim("m", count=2, profile=profile, faults=pace))
        candidate = stack.enter_context(Sim("m", count=2, profile=profile, faults=(*faults, *pace)))
        manifest = tmp_path / "site.yaml"
        manifest.write_text(manifests({pools.stable: stable.ports, pools.candidate: candidate.ports}, (100, 0), pools))
        up = stack.enter_context(system(tmp_path, "--workers", "2", "-f", str(manifest)))
        yield Site(up, stable, candidate, pools)


class Answer(NamedTuple):
    """One request of the load."""

    sent: float
    code: int
    pool: str
    session: str


class Load:
    """Short chats at a steady pace; every other one belongs to one of many sessions."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []

    async def run(self, session: aiohttp.ClientSession, gateway: str, pause: float) -> None:
        """Sends until cancelled."""
        number = 0
        async with asyncio.TaskGroup() as tasks:
            while True:
                number += 1
                name = f"s{number % 200}" if number % 2 else ""
                tasks.create_task(self._one(session, gateway, name))
                await asyncio.sleep(pause)

    async def _one(self, session: aiohttp.ClientSession, gateway: str, name: str) -> None:
        body = {"model": "m", "messages": [{"role": "user", "content": "hello"}], "max_tokens": 2}
        headers = {"x-session-id": name} if name else {}
        sent = now()
        try:
            async with session.post(f"{gateway}/v1/chat/completions", json=body, headers=headers) as response:
                await response.read()
                self.answers.append(Answer(sent, response.status, response.headers.get("x-turnout-pool", ""), name))
        except aiohttp.ClientError as error:
            self.answers.append(Answer(sent, 0, str(error), name))


class Stage(NamedTuple):
    """What a test of a rollout works with."""

    client: Client
    session: aiohttp.ClientSession
    load: Load
    followed: Followed


@asynccontextmanager
async def stage(site: Site, pause: float = 0.01) -> AsyncIterator[Stage]:
    """Load on the gateway, and the rollout's status followed."""
    connector = aiohttp.TCPConnector(limit=0)
    async with (
        Client(site.up.api) as client,
        aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=60)) as session,
        followed(client) as seen,
    ):
        load = Load()
        sending = asyncio.create_task(load.run(session, site.up.gateway, pause))
        try:
            yield Stage(client, session, load, seen)
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)


async def generation(client: Client) -> int:
    return int((await client.get(ROUTES, "default", "routes-to-llm"))["metadata"]["generation"])


def seed_stories() -> list[tuple[tuple[str, ...], Pools]]:
    return [((), Pools("llm", "llm-new")), ((), Pools("llm-pool", "llm-pool-version-2"))]


@pytest.mark.parametrize("site", seed_stories(), indirect=True, ids=["node-update", "base-model"])
def test_a_good_candidate_is_promoted_and_nobody_notices(site: Site) -> None:
    async def main() -> tuple[Document, Load, int, int]:
        async with stage(site) as on:
            before = await generation(on.client)
            wanted = rollout(stable=site.pools.stable, candidate=site.pools.candidate)
            await on.client.create(ROLLOUTS, "default", wanted)
            status = await on.followed.until(phase="Healthy", completionStatus="Promoted")
            await asyncio.sleep(0.5)
            return status, on.load, before, await generation(on.client)

    status, load, before, after = asyncio.run(main())

    assert status["weights"]["effective"] == 100
    assert before == after, "the HTTPRoute was touched"
    assert Counter(each.code for each in load.answers).keys() == {200}
    assert {each.pool for each in load.answers[-20:]} == {site.pools.candidate}
    assert max(moves(load).values()) == 1


def moves(load: Load) -> Counter[str]:
    """How often each session's pool changed, by when its requests were sent."""
    last: dict[str, str] = {}
    changes: Counter[str] = Counter()
    for each in sorted(load.answers):
        if each.session:
            changes[each.session] += last.get(each.session, each.pool) != each.pool
            last[each.session] = each.pool
    return changes


@pytest.mark.parametrize("site", [(("error-rate=0.5",), Pools())], indirect=True)
def test_a_bad_candidate_is_taken_back_and_says_why(site: Site, tmp_path: Path) -> None:
    async def main() -> tuple[Document, Load, Document]:
        async with stage(site) as on:
            await on.client.create(ROLLOUTS, "default", rollout())
            await on.followed.until(phase="Degraded", completionStatus="Aborted")
            status = await on.followed.until_weight(0, most=True)
            await asyncio.sleep(1.0)
            events = await on.client.list(EVENTS, "default")
            return status, on.load, {each["reason"]: each["message"] for each in events.items}

    status, load, events = asyncio.run(main())
    kubectl = kubectl_for(Path(site.up.kubeconfig), tmp_path)

    assert status["weights"]["effective"] == 0
    assert status["quarantined"]
    assert {each.code for each in load.answers if each.pool == "llm"} == {200}
    assert {each.pool for each in load.answers[-50:]} == {"llm"}
    assert [reason for reason in events if "bort" in reason], events
    kubectl("wait", "--for=condition=Aborted", "iro/r", "--timeout=5s")
    assert "Degraded" in kubectl("get", "iro", "r").stdout


@pytest.mark.parametrize("site", [(("error-rate=0.5",), Pools())], indirect=True)
def test_500_open_streams_survive_ramp_and_abort(site: Site) -> None:
    """The candidate's errors come before its streams begin; a stream that begins must end whole."""

    async def main() -> tuple[list[Stream], Document]:
        opened: asyncio.Queue[str] = asyncio.Queue()
        async with stage(site) as on:
            await on.client.create(ROLLOUTS, "default", rollout(steps=[{"setWeight": 50}, {"pause": {}}]))
            await on.followed.until_weight(50)
            tasks: list[asyncio.Task[Stream]] = []
            while len(tasks) < 500:
                tasks.append(asyncio.create_task(stream(on.session, site.up.gateway, 2000, opened)))
                await opened.get()
            await on.followed.until(phase="Degraded", completionStatus="Aborted")
            status = await on.followed.until_weight(0, most=True)
            return await asyncio.gather(*tasks), status

    seen, status = asyncio.run(main())

    begun = [each for each in seen if each.events]
    assert status["weights"]["effective"] == 0
    assert {each.pool for each in begun} == {"llm", "llm-new"}
    assert [each for each in begun if not each.whole] == []
    assert {each.fault[:3] for each in seen if not each.events} <= {"500"}


# Servers of no pace at all would keep this test too busy with reading to hear of the rollout before they are done.
@pytest.mark.parametrize("site", [Setting(profile="llama-3.1-8b-h100", pace=("slow-decode=20",))], indirect=True)
def test_500_open_streams_and_every_session_survive_ramp_and_rollback(site: Site) -> None:
    """A good candidate, taken back by its user: nobody may notice anything."""

    async def main() -> tuple[list[Stream], Load, Document]:
        opened: asyncio.Queue[str] = asyncio.Queue()
        steps: list[Document] = [{"setWeight": 20}, {"pause": {}}, {"setWeight": 60}, {"pause": {}}]
        async with stage(site) as on:
            await on.client.create(ROLLOUTS, "default", rollout(steps=steps))
            tasks: list[asyncio.Task[Stream]] = []
            for weight in (20, 60):
                await on.followed.until_weight(weight)
                for _ in range(10):
                    more = (stream(on.session, site.up.gateway, 100, opened) for _ in range(25))
                    tasks += [asyncio.create_task(each) for each in more]
                    for _ in range(25):
                        await opened.get()
                if weight == 20:
                    await on.followed.until(phase="Paused")
                    await act(on.client, "promote")
            await act(on.client, "abort")
            await on.followed.until(phase="Degraded", completionStatus="Aborted")
            assert any(not each.done() for each in tasks), "no stream was open at the abort: it proved nothing"
            status = await on.followed.until_weight(0, most=True)
            await asyncio.sleep(0.5)
            return await asyncio.gather(*tasks), on.load, status

    seen, load, status = asyncio.run(main())
    aborted = status["engine"]["outcome"]["at"] - time.time() + now()
    late = [each.sent - aborted for each in load.answers if each.pool == "llm-new" and each.sent > aborted]

    print(f"last new request on the candidate {1000 * max(late, default=0.0):.0f} ms after the verdict")
    assert [each for each in seen if not each.whole] == []
    assert {each.pool for each in seen} == {"llm", "llm-new"}
    assert {each.code for each in load.answers} == {200}
    assert max(moves(load).values()) <= 2, "a session moved more than once in the ramp and once on the abort"


async def act(client: Client, verb: str) -> None:
    """What `turnout rollout` does for this verb."""
    action = json.dumps({"id": str(uuid.uuid4()), "verb": verb})
    await client.patch(ROLLOUTS, "default", "r", {"metadata": {"annotations": {"turnout.dev/action": action}}})


def kill_the_controller(site: Site) -> bool:
    """Whether there was one to kill."""
    try:
        os.kill(site.up.child("controller").pid, signal.SIGKILL)
    except (LookupError, ProcessLookupError, psutil.NoSuchProcess):
        return False
    return True


@pytest.mark.parametrize(
    ("site", "ends"),
    [(((), Pools()), ("Healthy", "Promoted")), ((("error-rate=0.5",), Pools()), ("Degraded", "Aborted"))],
    indirect=["site"],
    ids=["promoted", "aborted"],
)
def test_a_rollout_ends_the_same_when_the_controller_is_killed_at_every_transition(
    site: Site, ends: tuple[str, str]
) -> None:
    async def main() -> tuple[Document, set[tuple[str, ...]]]:
        killed: set[tuple[str, ...]] = set()
        async with stage(site) as on, asyncio.timeout(100):
            await on.client.create(ROLLOUTS, "default", rollout())
            while on.followed.status.get("completionStatus") == "" or not killed:
                status = on.followed.status
                transition = tuple(str(status.get(name)) for name in ("phase", "reason", "step"))
                if status and transition not in killed and await asyncio.to_thread(kill_the_controller, site):
                    killed.add(transition)
                await asyncio.sleep(0.01)
            kill_the_controller(site)
            weight = 100 if ends[1] == "Promoted" else 0
            return await on.followed.until_weight(weight, most=weight == 0), killed

    status, killed = asyncio.run(main())

    assert (status["phase"], status["completionStatus"]) == ends
    assert len(killed) >= (4 if ends[1] == "Promoted" else 2), killed


def test_a_candidate_that_dies_gets_no_requests_and_the_step_holds(site: Site) -> None:
    async def main() -> tuple[Document, Load, float]:
        async with stage(site) as on:
            await on.client.create(ROLLOUTS, "default", rollout(steps=[{"setWeight": 50}, {"pause": {}}]))
            await on.followed.until_weight(50)
            site.candidate.kill()
            async with asyncio.timeout(20):
                while on.followed.status["weights"]["effective"]:
                    await asyncio.sleep(0.02)
            empty = now()
            await asyncio.sleep(1.0)
            return on.followed.status, on.load, empty

    status, load, empty = asyncio.run(main())

    assert status["weights"]["desired"] == 50
    assert {(each.code, each.pool) for each in load.answers if each.sent > empty} == {(200, "llm")}
