"""InferencePool: upstream's defaults, and what must hold between its fields."""

import pytest

from tests.support.admission import faults, spec_of


def test_a_pool_speaks_http_and_needs_no_picker() -> None:
    assert spec_of("InferencePool") == {
        "selector": {"matchLabels": {"app": "llm"}},
        "targetPorts": [{"number": 8000}],
        "appProtocol": "http",
    }


def test_a_picker_is_a_service_that_fails_closed_by_default() -> None:
    stored = spec_of("InferencePool", endpointPickerRef={"name": "epp", "port": {"number": 9002}})
    assert stored["endpointPickerRef"] == {
        "group": "",
        "kind": "Service",
        "name": "epp",
        "port": {"number": 9002},
        "failureMode": "FailClose",
    }


def test_a_picker_that_is_a_service_needs_a_port() -> None:
    assert faults("InferencePool", endpointPickerRef={"name": "epp"}) == [
        (
            'spec.endpointPickerRef: Invalid value: "object": '
            "port is required when kind is 'Service' or unspecified (defaults to 'Service')"
        )
    ]


def test_a_picker_of_another_kind_needs_none() -> None:
    assert faults("InferencePool", endpointPickerRef={"name": "epp", "kind": "Picker", "group": "x.dev"}) == []


def test_ports_are_unique() -> None:
    assert faults("InferencePool", targetPorts=[{"number": 1}, {"number": 2}, {"number": 1}]) == [
        'spec.targetPorts: Invalid value: "array": port number must be unique'
    ]


def test_a_pool_has_1_to_8_ports() -> None:
    ports = [{"number": i} for i in range(1, 10)]
    assert faults("InferencePool", targetPorts=ports[:8]) == []
    assert faults("InferencePool", targetPorts=ports) == ["spec.targetPorts: Too many: 9: must have at most 8 items"]
    assert faults("InferencePool", targetPorts=[]) == [
        "spec.targetPorts: Invalid value: 0: spec.targetPorts in body should have at least 1 items"
    ]


def test_a_pool_selects_by_1_to_64_labels() -> None:
    labels = {f"l{i}": "" for i in range(65)}
    assert faults("InferencePool", selector={"matchLabels": labels}) == [
        "spec.selector.matchLabels: Too many: 65: must have at most 64 items"
    ]


@pytest.mark.parametrize("value", ["-a", "a b", "ü", "a" * 64])
def test_a_selected_label_can_be_a_label(value: str) -> None:
    (fault,) = faults("InferencePool", selector={"matchLabels": {"app": value}})
    assert fault.startswith("spec.selector.matchLabels.app: ")
