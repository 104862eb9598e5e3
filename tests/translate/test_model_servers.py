"""A ModelServer has a status only when something is or was amiss."""

from typing import Any

from tests.support.resource_sets import model_server, resource_set
from turnout.translate import Facts, translate

FACTS = Facts(gateway_port=8080, now="2026-02-02T02:02:02Z")


def accepted(status: dict[str, Any]) -> tuple[str, str]:
    [condition] = status["conditions"]
    return condition["status"], condition["reason"]


def test_a_plain_server_has_no_status_of_ours() -> None:
    assert translate(resource_set([model_server("s")]), FACTS).statuses == {}


def test_a_server_that_asks_for_tls_is_told() -> None:
    statuses = translate(resource_set([model_server("s", tls={})]), FACTS).statuses
    assert accepted(statuses["ModelServer", "default/s"]) == ("False", "UnsupportedValue")


def test_a_server_that_no_longer_asks_for_tls_is_told() -> None:
    told = translate(resource_set([model_server("s", tls={})]), FACTS).statuses["ModelServer", "default/s"]
    statuses = translate(resource_set([{**model_server("s"), "status": told}]), FACTS).statuses
    assert accepted(statuses["ModelServer", "default/s"]) == ("True", "Accepted")
