"""`turnout explain` on a real API and simulated model servers."""

import json
from collections.abc import Iterator

import pytest
import yaml

from tests.support.command_line import turnout
from tests.support.objects import gateway, gateway_class, namespace, pool, route, server
from tests.support.real_api import RealApi
from tests.support.sim import Sim

CHAT = json.dumps({"model": "llama", "messages": [{"role": "user", "content": "hi"}]})


@pytest.fixture(scope="module")
def sim() -> Iterator[Sim]:
    with Sim(count=2) as servers:
        yield servers


@pytest.fixture(scope="module")
def api(sim: Sim) -> Iterator[RealApi]:
    with RealApi() as running:
        servers = [server(f"llm-{number}", port=port) for number, port in enumerate(sim.ports)]
        servers[1]["spec"]["address"] = "localhost"
        objects = [namespace(), gateway_class(), gateway(), route(llm=1), pool("llm"), pool("empty"), *servers]
        applied = turnout("apply", "--api", running.url, "-f", "-", text=yaml.safe_dump_all(objects))
        assert applied.returncode == 0, applied.stderr
        yield running


def test_a_request_is_explained_down_to_the_endpoint(api: RealApi, sim: Sim) -> None:
    result = turnout("explain", "-", "-o", "json", "--api", api.url, text=CHAT)
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    assert (found["route"], found["rule"], found["match"]) == ("default/route", "0", "PathPrefix /")
    (only,) = found["pools"]
    assert {each["address"] for each in only["endpoints"]} == {f"127.0.0.1:{port}" for port in sim.ports}
    assert only["endpoint"] in {each["address"] for each in only["endpoints"]}
    assert all(each["ready"] and each["waiting"] == 0 for each in only["endpoints"])


def test_it_is_readable_too(api: RealApi) -> None:
    shown = turnout("explain", "-", "--api", api.url, text=CHAT).stdout
    assert "Route:" in shown
    assert "-> " in shown


def test_a_pool_can_be_asked_for_by_name(api: RealApi) -> None:
    shown = turnout("explain", "--pool", "empty", "-", "--api", api.url, text=CHAT)
    assert shown.stdout.splitlines() == ["Pool default/empty: 100.0% of such requests", "  no endpoints: answered 503"]
    unknown = turnout("explain", "--pool", "none", "-", "--api", api.url, text=CHAT)
    assert (unknown.returncode, unknown.stderr) == (1, 'error: no InferencePool "default/none"\n')


def test_a_request_that_no_rule_serves_is_said_to_be_so(api: RealApi) -> None:
    result = turnout("explain", "-", "--port", "1", "--api", api.url, text=CHAT)
    assert result.returncode == 1
    assert "the answer is 404 no-route" in result.stderr


@pytest.mark.parametrize("arguments", [("none.json",), ("-", "-H", "nothing")])
def test_what_is_no_request_is_an_error(api: RealApi, arguments: tuple[str, ...]) -> None:
    result = turnout("explain", *arguments, "--api", api.url, text="[]")
    assert result.returncode in (1, 2)
    assert "rror: " in result.stderr
