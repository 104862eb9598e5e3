"""No room under the store: writes are refused, reads and traffic go on, and writes are taken when there is room."""

import json
import resource
import time
from collections.abc import Iterator
from urllib.error import HTTPError

import pytest

from tests.support.chaos import ROUNDS, Load, get, level, level_again, moved, note, patch, told, written
from tests.support.sim import Sim
from tests.support.system import System, system, until

pytestmark = pytest.mark.e2e

ROUTE = "apis/gateway.networking.k8s.io/v1/namespaces/default/httproutes/route"


@pytest.fixture
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    folder = tmp_path_factory.mktemp("disk")
    with Sim("m") as old, Sim("m") as new:
        objects = written(folder, {"old": [old.port], "new": [new.port]}, old=1, new=0)
        with system(folder, "--workers", "1", "-f", str(objects), state=str(folder / "state")) as running:
            until(lambda: moved(running, old=1, new=0))
            yield running


def test_a_full_disk_refuses_writes_with_a_status_and_nothing_else(up: System) -> None:
    api = up.child("api")
    before = level(up)
    for number in range(ROUNDS):
        with Load(up) as load:
            api.rlimit(resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
            try:
                stored = json.loads(get(f"{up.api}/{ROUTE}"))
                with pytest.raises(HTTPError) as refused:
                    patch(up, {"metadata": {"annotations": {"round": f"{number}"}}})
                status = json.loads(refused.value.read())
                assert refused.value.code in (500, 503, 507)
                assert status["kind"] == "Status"
                assert status["status"] == "Failure"
                assert status["message"]
                assert json.loads(get(f"{up.api}/{ROUTE}")) == stored
            finally:
                api.rlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            began = time.monotonic()
            until(lambda: moved(up, old=0, new=1))
            took = time.monotonic() - began
        assert {code for code, _ in load.seen} == {200}, load.seen
        assert api.is_running()
        saw = f"traffic: {told(load.seen)}; a write: {refused.value.code} {status['message']}"
        note("no room under the store", saw, "a write moves traffic", took)
        assert moved(up, old=1, new=0)
    level_again(up, before)
