"""kill -9 in a write storm, again and again: nothing that was acknowledged is lost, and the store opens every time."""

import http.client
import itertools
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from tests.support.api import NAMESPACE, ApiClient, ApiProcess

KILLS = 50
WRITERS = 6
WRITES_PER_LIFE = 30
SERVERS = "/apis/turnout.dev/v1alpha1/namespaces/default/modelservers"

State = int | None
"""The port of a ModelServer; None when there is none."""


class Writer(threading.Thread):
    """Creates, patches and deletes objects of its own, and holds what the API says against what was acknowledged."""

    def __init__(self, number: int, port: int, wrote: threading.Semaphore) -> None:
        super().__init__(daemon=True)
        self.stop = threading.Event()
        self.acknowledged: dict[str, State] = {}
        self.versions: list[int] = []
        self.doubts = 0
        self.faults: list[str] = []
        self._number = number
        self._dice = Random(number)
        self._client = ApiClient(port)
        self._wrote = wrote

    def run(self) -> None:
        for count in itertools.count():
            if self.stop.is_set() or self.faults:
                break
            self._write(f"w{self._number}-{self._dice.randrange(20)}", 1 + count % 65535)
        self._client.close()

    def _write(self, name: str, port: int) -> None:
        held = self.acknowledged.get(name)
        wanted = None if held is not None and self._dice.random() < 0.2 else port
        try:
            answer = self._send(name, held, wanted)
        except (OSError, http.client.HTTPException):
            self._settle(name, held, wanted)
            return
        self.acknowledged[name] = wanted
        self._wrote.release()
        if answer is not None:
            self.versions.append(answer)

    def _send(self, name: str, held: State, wanted: State) -> int | None:
        if wanted is None:
            answer = self._client.delete(f"{SERVERS}/{name}")
        elif held is None:
            answer = self._client.post(SERVERS, model_server(name, wanted))
        else:
            answer = self._client.patch(f"{SERVERS}/{name}", {"spec": {"port": wanted}})
        if answer.code not in (200, 201):
            self.faults.append(f"{name} from {held} to {wanted}: {answer.code} {answer.body!r}")
            return None
        return answer.version if wanted is not None else None

    def _settle(self, name: str, held: State, wanted: State) -> None:
        """The last write was not acknowledged: it happened or it did not, but nothing else did."""
        self.doubts += 1
        end = time.monotonic() + 60
        while time.monotonic() < end:  # asked to stop or not: what became of the write must be known
            try:
                answer = self._client.get(f"{SERVERS}/{name}")
            except (OSError, http.client.HTTPException):
                continue  # killed again: the next process will say
            found = answer.document["spec"]["port"] if answer.code == 200 else None
            if found not in (held, wanted):
                self.faults.append(f"{name} is at {found}, neither {held} (acknowledged) nor {wanted} (sent)")
            self.acknowledged[name] = found
            return
        self.faults.append(f"nobody says whether {name} is at {held} or at {wanted}")


def model_server(name: str, port: int) -> dict[str, object]:
    return {
        "apiVersion": "turnout.dev/v1alpha1",
        "kind": "ModelServer",
        "metadata": {"name": name},
        "spec": {"address": "127.0.0.1", "port": port},
    }


@pytest.fixture(scope="module")
def storm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ApiProcess, list[Writer], Path]]:
    """The API after the storm, in its last life."""
    folder = tmp_path_factory.mktemp("storm")
    served = ApiProcess(str(folder / "state"), folder / "api.log")
    wrote = threading.Semaphore(0)
    writers = [Writer(number, served.port, wrote) for number in range(WRITERS)]
    try:
        served.start()
        with closing(ApiClient(served.port)) as client:
            assert client.post("/api/v1/namespaces", NAMESPACE).code == 201
        for writer in writers:
            writer.start()
        for _ in range(KILLS):
            for _ in range(WRITES_PER_LIFE):
                assert wrote.acquire(timeout=60), (served.log.read_text(), [writer.faults for writer in writers])
            served.kill()
            served.launch()
        for writer in writers:
            writer.stop.set()
        for writer in writers:
            writer.join(60)
            assert not writer.is_alive()
        yield served, writers, folder / "state"
    finally:
        served.close()


def test_every_writer_found_what_was_acknowledged_after_every_kill(
    storm: tuple[ApiProcess, list[Writer], Path],
) -> None:
    _, writers, _ = storm

    assert [fault for writer in writers for fault in writer.faults] == []
    assert sum(writer.doubts for writer in writers) >= KILLS  # the kills did hit writes


def test_nothing_acknowledged_is_lost_and_nothing_else_is_there(
    storm: tuple[ApiProcess, list[Writer], Path],
) -> None:
    served, writers, _ = storm

    with closing(ApiClient(served.port)) as client:
        items = client.get("/apis/turnout.dev/v1alpha1/modelservers").document["items"]

    found = {item["metadata"]["name"]: item["spec"]["port"] for item in items}
    kept = {name: port for writer in writers for name, port in writer.acknowledged.items() if port is not None}
    assert found == kept


def test_resource_versions_never_repeat_and_only_grow(storm: tuple[ApiProcess, list[Writer], Path]) -> None:
    _, writers, _ = storm

    versions = [version for writer in writers for version in writer.versions]
    assert len(set(versions)) == len(versions) >= KILLS * WRITES_PER_LIFE // 2
    assert all(writer.versions == sorted(writer.versions) for writer in writers)


def test_the_file_is_whole(storm: tuple[ApiProcess, list[Writer], Path]) -> None:
    _, _, state = storm

    with closing(sqlite3.connect(state / "objects.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
