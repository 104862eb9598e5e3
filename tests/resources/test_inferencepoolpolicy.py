"""InferencePoolPolicy: which pools it is for, and the bounds of what it says."""

import pytest

from tests.support.admission import faults, spec_of

POOL = {"group": "inference.networking.k8s.io", "kind": "InferencePool", "name": "llm"}


def test_a_target_is_a_pool_unless_it_says_otherwise() -> None:
    assert spec_of("InferencePoolPolicy") == {"targetRefs": [POOL]}


def test_nothing_but_pools_can_be_a_target() -> None:
    assert faults("InferencePoolPolicy", targetRefs=[{"name": "a", "kind": "Service", "group": ""}]) == [
        'spec.targetRefs[0].group: Unsupported value: "": supported values: "inference.networking.k8s.io"',
        'spec.targetRefs[0].kind: Unsupported value: "Service": supported values: "InferencePool"',
    ]


def test_no_pool_is_a_target_twice() -> None:
    assert faults("InferencePoolPolicy", targetRefs=[{"name": "a"}, {"name": "b"}, {"name": "a"}]) == [
        'spec.targetRefs[2].name: Duplicate value: "a"'
    ]


def test_a_policy_is_for_1_to_16_pools() -> None:
    targets = [{"name": f"p{number}"} for number in range(17)]
    assert faults("InferencePoolPolicy", targetRefs=targets[:16]) == []
    assert faults("InferencePoolPolicy", targetRefs=targets) == [
        "spec.targetRefs: Too many: 17: must have at most 16 items"
    ]
    assert faults("InferencePoolPolicy", targetRefs=[])


def test_a_part_that_is_given_gets_its_defaults() -> None:
    stored = spec_of("InferencePoolPolicy", retryBudget={}, saturation={}, flowControl={})
    assert stored["retryBudget"] == {
        "percent": 20,
        "interval": "10s",
        "minRetryRate": {"count": 10, "interval": "1s"},
    }
    assert stored["saturation"]["queueDepthThreshold"] == 5
    assert stored["flowControl"]["defaultRequestTTL"] == "60s"


def test_no_scorer_is_named_twice() -> None:
    scorers = [{"type": "queue-scorer"}, {"type": "queue-scorer", "weight": 2}]
    assert faults("InferencePoolPolicy", profile={"scorers": scorers}) == [
        'spec.profile.scorers[1]: Duplicate value: {"type":"queue-scorer"}'
    ]


def test_an_unknown_scorer_is_refused() -> None:
    (fault,) = faults("InferencePoolPolicy", profile={"scorers": [{"type": "luck"}]})
    assert fault.startswith('spec.profile.scorers[0].type: Unsupported value: "luck": supported values: ')


def test_servers_may_ask_for_tls_and_a_key() -> None:
    tls = {"hostname": "llm.example", "caCertificateRef": {"name": "ca"}}
    stored = spec_of("InferencePoolPolicy", upstream={"tls": tls, "apiKeySecretRef": {"name": "k"}})["upstream"]
    assert stored["tls"]["caCertificateRef"] == {"group": "", "kind": "ConfigMap", "name": "ca"}
    assert stored["apiKeySecretRef"] == {"name": "k", "key": "apiKey"}


@pytest.mark.parametrize("picker", ["BuiltIn", "EndpointPickerRef"])
def test_who_picks_is_one_of_two(picker: str) -> None:
    assert faults("InferencePoolPolicy", picker=picker) == []
    assert faults("InferencePoolPolicy", picker="Other")
