"""GatewayParameters: what is left out stays out."""

import pytest

from tests.support.admission import KIND, faults, spec_of
from turnout.resources.admit import admit


def test_what_is_not_given_has_no_default() -> None:
    assert spec_of("GatewayParameters") == {"limits": {"requestBodyBytes": 1000}}


def test_an_empty_object_is_enough() -> None:
    kind = KIND["GatewayParameters"]
    admission = admit(kind, {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"name": "it"}})
    assert admission.faults == ()


def test_a_log_that_is_asked_for_has_every_request_in_it() -> None:
    assert spec_of("GatewayParameters", accessLog={})["accessLog"] == {"mode": "All", "sampleRatio": 0.01}


@pytest.mark.parametrize("ratio", [-0.1, 1.1])
def test_a_share_of_requests_is_0_to_1(ratio: float) -> None:
    (fault,) = faults("GatewayParameters", accessLog={"mode": "Sampled", "sampleRatio": ratio})
    assert fault.startswith(f"spec.accessLog.sampleRatio: Invalid value: {ratio}: ")


def test_headers_are_enabled_or_disabled() -> None:
    assert faults("GatewayParameters", explainHeader="Enabled", responseHeaders="Disabled") == []
    assert faults("GatewayParameters", responseHeaders=True) == [
        'spec.responseHeaders: Invalid value: "boolean": spec.responseHeaders in body must be of type string: "boolean"'
    ]


@pytest.mark.parametrize("idle", ["5", "5 s", "1.5s", "1d"])
def test_times_are_durations_of_the_gateway_api(idle: str) -> None:
    (fault,) = faults("GatewayParameters", timeouts={"idle": idle})
    assert fault.startswith(f'spec.timeouts.idle: Invalid value: "{idle}": ')


def test_a_limit_of_nothing_is_none() -> None:
    (fault,) = faults("GatewayParameters", limits={"requestBodyBytes": 0})
    assert fault.startswith("spec.limits.requestBodyBytes: ")
