"""Faults of single fields, in the words of Kubernetes."""

from typing import Any

import pytest

from tests.support.admission import KIND, document, faults
from turnout.resources.admit import admit

RULE = {"backendRefs": [{"name": "a", "port": 80}]}


def backend(**fields: Any) -> list[str]:
    return faults("HTTPRoute", rules=[{"backendRefs": [{"name": "a", "port": 80, **fields}]}])


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        (
            {"weight": -3},
            (
                "spec.rules[0].backendRefs[0].weight: Invalid value: -3: "
                "spec.rules[0].backendRefs[0].weight in body should be greater than or equal to 0"
            ),
        ),
        (
            {"weight": 1000001},
            (
                "spec.rules[0].backendRefs[0].weight: Invalid value: 1000001: "
                "spec.rules[0].backendRefs[0].weight in body should be less than or equal to 1000000"
            ),
        ),
        (
            {"weight": "ten"},
            (
                'spec.rules[0].backendRefs[0].weight: Invalid value: "string": '
                'spec.rules[0].backendRefs[0].weight in body must be of type integer: "string"'
            ),
        ),
        (
            {"weight": 1.5},
            (
                'spec.rules[0].backendRefs[0].weight: Invalid value: "number": '
                'spec.rules[0].backendRefs[0].weight in body must be of type integer: "number"'
            ),
        ),
        (
            {"weight": True},
            (
                'spec.rules[0].backendRefs[0].weight: Invalid value: "boolean": '
                'spec.rules[0].backendRefs[0].weight in body must be of type integer: "boolean"'
            ),
        ),
        (
            {"name": ""},
            (
                'spec.rules[0].backendRefs[0].name: Invalid value: "": '
                "spec.rules[0].backendRefs[0].name in body should be at least 1 chars long"
            ),
        ),
        ({"name": "a" * 254}, "spec.rules[0].backendRefs[0].name: Too long: may not be more than 253 bytes"),
        ({"name": None}, "spec.rules[0].backendRefs[0].name: Required value"),
        (
            {"namespace": "a\n"},
            (
                'spec.rules[0].backendRefs[0].namespace: Invalid value: "a\\n": '
                "spec.rules[0].backendRefs[0].namespace in body should match '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$'"
            ),
        ),
    ],
)
def test_a_fault_of_a_field_reads_as_in_kubernetes(fields: dict[str, Any], text: str) -> None:
    assert backend(**fields) == [text]


def test_a_value_outside_of_a_list_is_told_the_list() -> None:
    assert faults("ModelServer", engine="tgi") == [
        (
            'spec.engine: Unsupported value: "tgi": '
            'supported values: "sglang", "triton-tensorrt-llm", "trtllm-serve", "vllm"'
        )
    ]


def test_too_many_items_are_counted() -> None:
    assert faults("HTTPRoute", rules=[RULE] * 17) == ["spec.rules: Too many: 17: must have at most 16 items"]


def test_too_few_items_are_counted() -> None:
    assert faults("HTTPRoute", rules=[]) == [
        "spec.rules: Invalid value: 0: spec.rules in body should have at least 1 items"
    ]


def test_an_empty_selector_is_refused() -> None:
    assert faults("InferencePool", selector={"matchLabels": {}}) == [
        (
            "spec.selector.matchLabels: Invalid value: 0: "
            "spec.selector.matchLabels in body should have at least 1 properties"
        )
    ]


def test_an_item_of_a_keyed_list_is_there_once() -> None:
    listener = {"name": "http", "port": 80, "protocol": "HTTP"}
    assert faults("Gateway", listeners=[listener, {**listener, "port": 81}]) == [
        'spec.listeners[1]: Duplicate value: {"name":"http"}'
    ]


def test_a_missing_spec_is_required() -> None:
    whole = document("Gateway")
    del whole["spec"]
    assert [str(fault) for fault in admit(KIND["Gateway"], whole).faults] == ["spec: Required value"]


def test_rules_between_fields_wait_for_the_fields_to_be_right() -> None:
    ports = [{"number": 1}, {"number": 1}, {"number": 0}]
    assert faults("InferencePool", targetPorts=ports) == [
        (
            "spec.targetPorts[2].number: Invalid value: 0: "
            "spec.targetPorts[2].number in body should be greater than or equal to 1"
        )
    ]


def test_an_integer_wider_than_64_bits_is_refused() -> None:
    (fault,) = admit(KIND["Event"], {**document("Event"), "count": 2**63}).faults
    assert fault.field == "count"
    assert "64-bit" in fault.detail


def test_a_whole_float_is_an_integer() -> None:
    assert admit(KIND["ModelServer"], document("ModelServer", port=9001.0)).document["spec"]["port"] == 9001


def test_a_header_value_made_to_stall_a_matcher_is_refused_like_any_other() -> None:
    (fault,) = faults(
        "HTTPRoute", rules=[{**RULE, "matches": [{"headers": [{"name": "x", "value": "a" * 4000 + "\x01"}]}]}]
    )
    assert fault.startswith("spec.rules[0].matches[0].headers[0].value: Invalid value: ")
