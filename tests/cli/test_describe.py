"""`turnout describe` on a real API."""

from collections.abc import Iterator

import pytest
import yaml

from tests.support.command_line import turnout
from tests.support.objects import namespace, pool
from tests.support.real_api import RealApi

SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key"}, "stringData": {"password": "hunter2"}}


@pytest.fixture(scope="module")
def api() -> Iterator[RealApi]:
    with RealApi() as running:
        text = yaml.safe_dump_all([namespace(), pool("a"), pool("b"), SECRET])
        assert turnout("apply", "--api", running.url, "-f", "-", text=text).returncode == 0
        yield running


def test_objects_are_described_one_below_the_other(api: RealApi) -> None:
    shown = turnout("describe", "infpool/a", "infpool/b", "--api", api.url)
    assert shown.returncode == 0, shown.stderr
    assert [line.split()[1] for line in shown.stdout.splitlines() if line.startswith("Name:")] == ["a", "b"]


def test_without_a_name_all_of_a_kind_are_described(api: RealApi) -> None:
    assert turnout("describe", "infpool", "--api", api.url).stdout.count("Name: ") == 2


def test_no_value_of_a_secret_is_shown(api: RealApi) -> None:
    shown = turnout("describe", "secret", "key", "--api", api.url).stdout
    assert "password:  7 bytes" in shown
    assert "hunter2" not in shown
    assert "aHVudGVyMg==" not in shown


def test_what_is_not_there_is_said_after_what_is(api: RealApi) -> None:
    result = turnout("describe", "infpool", "none", "a", "--api", api.url)
    assert result.returncode == 1
    assert "Name:         a" in result.stdout
    assert (
        result.stderr == 'Error from server (NotFound): inferencepools.inference.networking.k8s.io "none" not found\n'
    )


def test_an_empty_kind_is_said_to_be_so(api: RealApi) -> None:
    result = turnout("describe", "gateways", "--api", api.url)
    assert (result.returncode, result.stderr) == (0, "No resources found in default namespace.\n")
