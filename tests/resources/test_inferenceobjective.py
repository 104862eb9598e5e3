"""InferenceObjective: upstream's defaults and bounds."""

import pytest

from tests.support.admission import faults, spec_of


def test_a_priority_has_no_default() -> None:
    pool = {"name": "llm", "group": "inference.networking.k8s.io", "kind": "InferencePool"}
    assert spec_of("InferenceObjective", priority=None) == {"poolRef": pool}


@pytest.mark.parametrize("priority", [-(2**31), -1, 0, 2**31 - 1])
def test_a_priority_may_be_below_zero(priority: int) -> None:
    assert faults("InferenceObjective", priority=priority) == []


def test_a_priority_is_a_32_bit_integer() -> None:
    assert faults("InferenceObjective", priority=2**31) == [
        "spec.priority: Invalid value: 2147483648: spec.priority in body should be less than or equal to 2147483647"
    ]


def test_a_pool_is_named() -> None:
    assert faults("InferenceObjective", poolRef={}) == ["spec.poolRef.name: Required value"]
    assert faults("InferenceObjective", poolRef=None) == ["spec.poolRef: Required value"]
