"""A ModelServer has a status only when something is or was amiss."""

from typing import Any

from tests.support.resource_sets import model_server, resource_set
from turnout.translate import Facts, translate

FACTS = Facts(gateway_port=8080, now="2026-02-02T02:02:02Z")


def accepted(status: dict[str, Any]) -> tuple[str, ...]:
    found = {each["type"]: (each["status"], each["reason"]) for each in status["conditions"]}
    return *found["Accepted"], *found["ResolvedRefs"]


def test_a_plain_server_has_no_status_of_ours() -> None:
    assert translate(resource_set([model_server("s")]), FACTS).statuses == {}


def test_a_server_whose_references_lead_somewhere_needs_no_word() -> None:
    assert translate(resource_set([model_server("s", tls={})]), FACTS).statuses == {}


def test_a_server_whose_authority_is_missing_is_told() -> None:
    server = model_server("s", tls={"caCertificateRef": {"name": "ca"}})
    statuses = translate(resource_set([server]), FACTS).statuses
    found = accepted(statuses["ModelServer", "default/s"])
    assert found == ("False", "NoValidCACertificate", "False", "InvalidCACertificateRef")


def test_a_server_that_can_be_spoken_to_again_is_told() -> None:
    amiss = model_server("s", apiKeySecretRef={"name": "none"})
    told = translate(resource_set([amiss]), FACTS).statuses["ModelServer", "default/s"]
    assert accepted(told) == ("False", "Invalid", "False", "InvalidSecretRef")
    statuses = translate(resource_set([{**model_server("s"), "status": told}]), FACTS).statuses
    assert accepted(statuses["ModelServer", "default/s"]) == ("True", "Accepted", "True", "ResolvedRefs")
