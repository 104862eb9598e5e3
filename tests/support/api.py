"""A real API process on a free loopback port, and a plain client for it."""

import http.client
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

JSON_TYPE = "application/json"
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}}
MERGE_PATCH = "application/merge-patch+json"


class ApiAnswer(NamedTuple):
    """One answer; `document` is None when the body is no JSON."""

    code: int
    headers: list[tuple[str, str]]
    document: Any
    body: bytes

    @property
    def warnings(self) -> list[str]:
        return [value for name, value in self.headers if name.lower() == "warning"]

    @property
    def version(self) -> int:
        return int(self.document["metadata"]["resourceVersion"])


class ApiClient:
    """Requests over one kept connection; each raises OSError or HTTPException when there is no answer."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        media: str = JSON_TYPE,
        headers: Mapping[str, str] | None = None,
    ) -> ApiAnswer:
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        sent = {**({"Content-Type": media} if data is not None else {}), **(headers or {})}
        try:
            self._connection.request(method, path, data, sent)
            with self._connection.getresponse() as response:
                text = response.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            raise
        try:
            document = json.loads(text)
        except ValueError:
            document = None
        return ApiAnswer(response.status, response.getheaders(), document, text)

    def get(self, path: str, **headers: str) -> ApiAnswer:
        return self.send("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def post(self, path: str, body: object, *, media: str = JSON_TYPE) -> ApiAnswer:
        return self.send("POST", path, body, media=media)

    def put(self, path: str, body: object) -> ApiAnswer:
        return self.send("PUT", path, body)

    def patch(self, path: str, body: object, *, media: str = MERGE_PATCH) -> ApiAnswer:
        return self.send("PATCH", path, body, media=media)

    def delete(self, path: str, body: object = None) -> ApiAnswer:
        return self.send("DELETE", path, body)

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def watch(self, path: str, seconds: float = 30.0) -> Iterator[Iterator[Any]]:
        """The events of a watch as they come, each within `seconds`, until the server ends it."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            connection.request("GET", path)
            with connection.getresponse() as response:
                assert response.status == 200, response.read()
                yield (json.loads(line) for line in response)
        finally:
            connection.close()


class ApiProcess:
    """The API on a socket that outlives its processes, as under `turnout up`. `state` is a folder or `memory`."""

    def __init__(self, state: str, log: Path) -> None:
        self._state = state
        self.log = log
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listening.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns once it answers."""
        self.launch()
        with closing(ApiClient(self.port)) as client:
            assert client.get("/readyz").code == 200, self.log.read_text()

    def launch(self) -> None:
        """Starts the process; requests wait in the socket's queue until it answers them."""
        number = self._listening.fileno()
        command = [sys.executable, "-m", "turnout.runners.api", "--fd", str(number), "--state", self._state]
        with self.log.open("a") as stderr:
            self.process = subprocess.Popen(command, pass_fds=(number,), stderr=stderr)

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.kill()
        assert self.process.wait() == -signal.SIGKILL, self.log.read_text()

    def stop(self) -> None:
        """SIGTERM; fails unless it then exits 0."""
        assert self.process is not None
        self.process.terminate()
        assert self.process.wait(20) == 0, self.log.read_text()

    def close(self) -> None:
        """Leaves nothing behind."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        self._listening.close()


@contextmanager
def api(folder: Path, state: str = "memory") -> Iterator[ApiProcess]:
    """A running API that has the Namespace `default`; it must end in order."""
    served = ApiProcess(state, folder / "api.log")
    try:
        served.start()
        with closing(ApiClient(served.port)) as client:
            assert client.post("/api/v1/namespaces", NAMESPACE).code in (201, 409)
        yield served
        served.stop()
    finally:
        served.close()


def run_api(*arguments: str, pass_fds: tuple[int, ...] = ()) -> "subprocess.Popen[str]":
    """The process as given, its log to be read from stderr; the caller ends it."""
    command = [sys.executable, "-m", "turnout.runners.api", *arguments]
    return subprocess.Popen(command, pass_fds=pass_fds, stderr=subprocess.PIPE, text=True, env={**os.environ})


def wait_for_line(process: "subprocess.Popen[str]", word: str, seconds: float = 30.0) -> str:
    """The first line of stderr that holds `word`."""
    assert process.stderr is not None
    end = time.monotonic() + seconds
    said = ""
    while time.monotonic() < end:
        readable, _, _ = select.select([process.stderr], [], [], max(0.0, end - time.monotonic()))
        line = process.stderr.readline() if readable else ""
        said += line
        if word in line:
            return line
        if readable and not line:
            break
    raise AssertionError(f"{word!r} was not said: {said}")
