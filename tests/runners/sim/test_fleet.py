"""Ports in a row, and the life of the process."""

import contextlib
import http.client
import json
import signal
import socket
import urllib.error
import urllib.request

import pytest

from tests.support.sim import Sim, until
from turnout.runners.sim import PortError, bind


def refused(port: int) -> bool:
    """Whether nothing listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def post(url: str, seconds: float = 20) -> dict[str, object]:
    data = json.dumps({"prompt": "hello", "max_tokens": 2}).encode()
    with urllib.request.urlopen(f"{url}/v1/completions", data, timeout=seconds) as answer:
        document = json.load(answer)
    assert isinstance(document, dict)
    return document


def test_free_ports_are_in_a_row() -> None:
    sockets = bind(0, 5)
    try:
        ports = [each.getsockname()[1] for each in sockets]
        assert ports == list(range(ports[0], ports[0] + 5))
    finally:
        for each in sockets:
            each.close()


def test_a_port_in_use_is_named_and_none_is_kept() -> None:
    sockets = bind(0, 3)
    ports = [each.getsockname()[1] for each in sockets]
    sockets[0].close()
    sockets[1].close()
    try:
        with pytest.raises(PortError, match=f"port {ports[2]}: "):
            bind(ports[0], 3)
        for each in bind(ports[0], 2):
            each.close()
    finally:
        sockets[2].close()


def test_a_port_that_does_not_exist_is_named() -> None:
    with pytest.raises(PortError, match="port 65536: there is no such port"):
        bind(65536, 1)


def test_each_port_is_a_server_of_its_own() -> None:
    with Sim("llama", count=3, faults=["crash-after=1"]) as sim:
        fingerprints = [post(f"http://127.0.0.1:{port}")["system_fingerprint"] for port in sim.ports]
        assert fingerprints == [f"sim-{port}" for port in sim.ports]
        assert sim.wait() == 1


def test_a_crashed_server_leaves_the_others_alone() -> None:
    with Sim("llama", count=2, faults=["crash-after=1"]) as sim:
        post(sim.url)
        for _ in until():
            if refused(sim.ports[0]):
                break
        assert post(f"http://127.0.0.1:{sim.ports[1]}")["model"] == "llama"


def test_a_server_killed_finds_its_ports_again() -> None:
    with Sim("llama", count=2) as sim:
        ports = sim.ports
        with contextlib.closing(socket.create_connection(("127.0.0.1", sim.port))) as open_connection:
            open_connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            assert open_connection.recv(15) == b"HTTP/1.1 200 OK"
            sim.restart()
        assert sim.ports == ports
        assert post(sim.url)["model"] == "llama"


def test_the_first_half_of_a_broken_answer_arrives() -> None:
    with Sim("llama", faults=["broken-stream=1"]) as sim, pytest.raises(http.client.IncompleteRead) as caught:
        post(sim.url)
    assert caught.value.partial.startswith(b'{"id":')
    assert caught.value.expected == pytest.approx(len(caught.value.partial), abs=1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_code_0_whatever_is_open(number: signal.Signals) -> None:
    with (
        Sim("llama", faults=["hang=1"]) as sim,
        contextlib.closing(socket.create_connection(("127.0.0.1", sim.port))) as hanging,
    ):
        hanging.sendall(b'POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 14\r\n\r\n{"prompt":"x"}')
        sim.process.send_signal(number)
        assert sim.wait() == 0


def test_the_same_seed_meets_the_same_faults() -> None:
    def outcomes(seed: int) -> list[bool]:
        with Sim("llama", profile="instant", faults=["error-rate=0.5"], seed=seed) as sim:
            return [succeeds(sim.url) for _ in range(30)]

    assert outcomes(1) == outcomes(1) != outcomes(2)


def succeeds(url: str) -> bool:
    try:
        post(url)
    except urllib.error.HTTPError as error:
        error.close()
        return False
    return True
