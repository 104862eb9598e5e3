"""The verb `turnout sim`."""

import socket

import pytest
from click.testing import CliRunner

from tests.support.sim import Sim
from turnout.cli.sim import command


def refused(*arguments: str) -> str:
    """What a call says that ends in a usage error."""
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 2
    return result.output


def test_ready_is_the_only_line_on_stdout() -> None:
    with Sim("llama-3.1-8b", count=3) as sim:
        first, last = sim.ports[0], sim.ports[-1]
        assert sim.ready_line == f"ready model=llama-3.1-8b ports={first}-{last}"
        assert last == first + 2
        stdout = sim.process.stdout
        assert stdout is not None
        sim.process.terminate()
        assert stdout.read() == ""
        assert sim.wait() == 0


def test_a_fault_that_does_not_exist_is_refused_with_those_that_do() -> None:
    text = " ".join(refused("--port", "0", "--model", "m", "--fault", "explode=1").split())
    assert "'explode' does not exist; there are error-rate=0.2" in text
    assert "start-after=SECONDS" in text


def test_a_fault_with_a_bad_value_is_refused_by_name() -> None:
    assert "fault hang: 2 is not from 0 to 1" in refused("--port", "0", "--model", "m", "--fault", "hang=2")


def test_a_profile_that_does_not_exist_is_refused() -> None:
    assert "llama-3.1-8b-h100" in refused("--port", "0", "--model", "m", "--profile", "abacus")


@pytest.mark.parametrize("name", ["", "a b"])
def test_a_name_that_would_break_the_ready_line_is_refused(name: str) -> None:
    assert "is empty or has spaces" in refused("--port", "0", "--model", name)


def test_a_name_given_twice_is_refused() -> None:
    assert "each name can be given once" in refused("--port", "0", "--model", "m", "--lora", "m")


def test_ports_beyond_the_last_are_refused() -> None:
    result = CliRunner().invoke(command, ["--port", "65535", "--count", "2", "--model", "m"])
    assert (result.exit_code, result.output) == (1, "error: port 65536: there is no such port\n")


def test_a_port_in_use_is_an_error_that_names_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = CliRunner().invoke(command, ["--port", str(port), "--model", "m"])
    assert result.exit_code == 1
    assert result.output == f"error: port {port}: Address already in use\n"
