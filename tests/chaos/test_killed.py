"""kill -9 of every part, under load."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest

from tests.support.chaos import ROUNDS, WIDE, Load, level, level_again, metric, moved, note, told, written
from tests.support.sim import Sim
from tests.support.system import System, system, until

pytestmark = pytest.mark.e2e


class Scene(NamedTuple):
    up: System
    old: tuple[Sim, Sim]
    new: Sim


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder: Path = tmp_path_factory.mktemp("killed")
    with Sim("m") as first, Sim("m") as second, Sim("m") as new:
        objects = written(folder, {"old": [first.port, second.port], "new": [new.port]}, old=1, new=0)
        with system(folder, "--workers", "2", "-f", str(objects), state=str(folder / "state")) as up:
            until(lambda: ready(up, "old") == 2 and moved(up, old=1, new=0))
            before = level(up)
            yield Scene(up, (first, second), new)
            level_again(up, before)


def ready(up: System, pool: str) -> float:
    """How many endpoints of the pool /metrics says are ready; -1 when it does not say."""
    try:
        return float(metric(up, f'turnout_pool_ready_endpoints{{pool="default/{pool}"}}'))
    except (OSError, LookupError):
        return -1


def replaced(up: System, part: str, old: psutil.Process) -> bool:
    try:
        return up.child(part).pid != old.pid
    except (LookupError, psutil.Error):
        return False


def successor_serves(up: System, old: set[int]) -> bool:
    """Whether a worker that is not one of `old` holds one of a few clients' connections.

    They are this function's own: the kernel deals new connections out, and the load's kept ones may all be the other's.
    """
    with ExitStack() as clients:
        for _ in range(WIDE):
            clients.enter_context(socket.create_connection(("127.0.0.1", up.gateway_port), 10))
        try:
            for each in psutil.Process(up.process.pid).children():
                if each.pid not in old and "turnout.runners.worker" in each.cmdline():
                    held = each.net_connections("tcp")
                    return any(one.raddr and one.laddr.port == up.gateway_port for one in held)
        except psutil.Error:  # it is just starting
            pass
    return False


@pytest.mark.parametrize("part", ["api", "controller"])
def test_no_request_fails_when_a_part_beside_the_path_is_killed_and_writes_are_heard_again(
    scene: Scene, part: str
) -> None:
    up = scene.up
    for _ in range(ROUNDS):
        with Load(up) as load:
            victim = up.child(part)
            began = time.monotonic()
            victim.kill()
            until(lambda: moved(up, old=0, new=1))
            took = time.monotonic() - began
            assert replaced(up, part, victim)
        assert {code for code, _ in load.seen} == {200}, load.seen
        note(f"kill -9 of the {part}", told(load.seen), "a write moves traffic", took)
        assert moved(up, old=1, new=0)


def test_no_request_fails_when_the_scraper_is_killed_and_its_successor_sees_servers_go_and_come(scene: Scene) -> None:
    up = scene.up
    for _ in range(ROUNDS):
        with Load(up) as load:
            victim = up.child("scraper")
            began = time.monotonic()
            victim.kill()
            scene.new.kill()
            until(lambda: ready(up, "new") == 0)
            took = time.monotonic() - began
            assert replaced(up, "scraper", victim)
            scene.new.start()
            until(lambda: ready(up, "new") == 1)
        assert {code for code, _ in load.seen} == {200}, load.seen
        note("kill -9 of the scraper", told(load.seen), "a server's end is seen", took)


def test_a_killed_worker_costs_at_most_the_requests_that_it_had_and_is_replaced(scene: Scene) -> None:
    up = scene.up
    for _ in range(ROUNDS):
        with Load(up) as load:
            old = {each.pid for each in psutil.Process(up.process.pid).children()}
            victim = up.child("worker")
            began = time.monotonic()
            victim.kill()
            until(partial(successor_serves, up, old))
            took = time.monotonic() - began
        broken = sum(count for (code, _), count in load.seen.items() if code != 200)
        assert {code for code, _ in load.seen} <= {200, 0}, load.seen
        assert broken <= WIDE, load.seen
        note("kill -9 of one of two workers", told(load.seen), "its successor serves", took)


def test_a_killed_model_server_costs_at_most_answers_that_had_begun_and_comes_back(scene: Scene) -> None:
    up = scene.up
    for _ in range(ROUNDS):
        with Load(up) as load:
            scene.old[0].kill()
            until(lambda: ready(up, "old") == 1)
            began = time.monotonic()
            scene.old[0].start()
            until(lambda: ready(up, "old") == 2)
            took = time.monotonic() - began
        broken = sum(count for (code, _), count in load.seen.items() if code != 200)
        assert {code for code, _ in load.seen} <= {200, 0}, load.seen
        assert broken <= WIDE, load.seen
        note("kill -9 of one of two model servers", told(load.seen), "ready again after its start", took)
