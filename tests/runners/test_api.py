"""The API's process: how it starts, refuses to start, and ends."""

import asyncio
import contextlib
import os
import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.api import NAMESPACE, ApiClient, ApiProcess, api, run_api, wait_for_line
from turnout.apiserver.database import Database
from turnout.runners import api as runner


@contextmanager
def running(*arguments: str, pass_fds: tuple[int, ...] = ()) -> Iterator["subprocess.Popen[str]"]:
    process = run_api(*arguments, pass_fds=pass_fds)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()


def refused(*arguments: str, pass_fds: tuple[int, ...] = ()) -> str:
    """What the process says when it refuses to start, as it must, with exit code 1."""
    with running(*arguments, pass_fds=pass_fds) as process:
        _, said = process.communicate(timeout=30)
        assert process.returncode == 1, said
        assert "Traceback" not in said
        return said


def test_the_second_on_a_folder_says_whose_it_is(tmp_path: Path) -> None:
    with api(tmp_path, str(tmp_path / "state")) as first:
        said = refused("--state", str(tmp_path / "state"))

        assert first.process is not None
        assert f"is in use by process {first.process.pid}, API at {first.url}" in said


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_an_address_that_others_reach_is_refused(tmp_path: Path, host: str) -> None:
    assert f"{host} is not a loopback address" in refused("--state", "memory", "--host", host)


def test_an_inherited_socket_that_others_reach_is_refused() -> None:
    with socket.create_server(("0.0.0.0", 0)) as exposed:
        said = refused("--state", "memory", "--fd", str(exposed.fileno()), pass_fds=(exposed.fileno(),))

    assert "0.0.0.0 is not a loopback address" in said


def test_a_folder_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert "cannot be used" in refused("--state", str(tmp_path / "file" / "state"))


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "objects.db").write_bytes(b"not a database" * 1000)

    assert "file is not a database" in refused("--state", str(tmp_path))


def test_objects_are_kept_over_a_restart(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    with api(tmp_path, state) as first, closing(ApiClient(first.port)) as client:
        before = client.get("/api/v1/namespaces/default").document
    with api(tmp_path, state) as second, closing(ApiClient(second.port)) as client:
        assert client.get("/api/v1/namespaces/default").document == before


def test_memory_keeps_nothing_and_still_moves_its_versions_on(tmp_path: Path) -> None:
    served = ApiProcess("memory", tmp_path / "log")
    try:
        served.start()
        with closing(ApiClient(served.port)) as client:
            first = client.post("/api/v1/namespaces", NAMESPACE)
        served.kill()
        served.start()
        with closing(ApiClient(served.port)) as client:
            assert client.get("/api/v1/namespaces").document["items"] == []
            second = client.post("/api/v1/namespaces", NAMESPACE)
            assert second.version > first.version
            assert client.get(f"/api/v1/namespaces?watch=1&resourceVersion={first.version}").code == 410
    finally:
        served.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_in_order_when_asked(number: signal.Signals) -> None:
    with running("--state", "memory") as process:
        wait_for_line(process, "serving at 127.0.0.1:")
        process.send_signal(number)
        assert process.wait(20) == 0


def test_it_ends_with_its_parent() -> None:
    read, write = os.pipe()
    with running("--state", "memory", "--parent-fd", str(read), pass_fds=(read,)) as process:
        os.close(read)
        wait_for_line(process, "serving at")
        os.close(write)
        assert "the parent has ended" in wait_for_line(process, "parent")
        assert process.wait(20) == 0


def test_it_serves_on_ipv6_loopback() -> None:
    with running("--state", "memory", "--host", "::1") as process:
        port = int(wait_for_line(process, "serving at ::1:").rpartition(":")[2])
        with socket.create_connection(("::1", port)) as raw:
            raw.sendall(f"GET /version HTTP/1.1\r\nHost: [::1]:{port}\r\n\r\n".encode())
            assert raw.recv(100).startswith(b"HTTP/1.1 200")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_store_that_fails_says_so_and_ends_the_process() -> None:
    """A server that cannot write any more must not go on as if it could."""

    class Broken(Database):
        def commit(self, version: int, changes: object) -> None:
            raise AssertionError("a fault of the program")

    async def main() -> int:
        listening = socket.create_server(("127.0.0.1", 0))
        serving = asyncio.create_task(runner._serve(Broken(None), listening, None))
        port = listening.getsockname()[1]

        def write() -> None:
            with closing(ApiClient(port)) as client:
                answer = client.post("/api/v1/namespaces", NAMESPACE)
                assert (answer.code, answer.document["reason"]) == (500, "InternalError")
                assert "the store has failed" in answer.document["message"]

        await asyncio.to_thread(write)
        return await asyncio.wait_for(serving, 30)

    assert asyncio.run(main()) == 3


def test_a_certificate_is_renewed_while_the_api_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    renewal = runner.Renewal(tmp_path, frozenset({"127.0.0.1"}))
    first = (tmp_path / "server.pem").read_text()
    renewal.renew()
    assert (tmp_path / "server.pem").read_text() == first

    monkeypatch.setattr(runner, "utc_now", lambda: datetime.now(UTC) + timedelta(days=340))
    renewal.renew()

    assert (tmp_path / "server.pem").read_text() != first
    assert _served_by(renewal.guard.context) in (tmp_path / "server.pem").read_text()


def _served_by(context: ssl.SSLContext) -> str:
    """The certificate of a handshake with the context, as PEM."""
    client, server = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ssl.MemoryBIO()
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    back = ssl.MemoryBIO()
    asking, answering = client.wrap_bio(back, server), context.wrap_bio(server, back, server_side=True)
    for _ in range(4):
        for side in (asking, answering):
            with contextlib.suppress(ssl.SSLWantReadError):
                side.do_handshake()
    found = asking.getpeercert(binary_form=True)
    assert found is not None
    return ssl.DER_cert_to_PEM_cert(found)
