"""ConfigMap: text and bytes by key."""

from typing import Any

from tests.support.admission import KIND, document
from turnout.resources.admit import admit


def faults(old: dict[str, Any] | None = None, **fields: Any) -> list[str]:
    before = None if old is None else admit(KIND["ConfigMap"], {**document("ConfigMap"), **old}).document
    return [str(fault) for fault in admit(KIND["ConfigMap"], {**document("ConfigMap"), **fields}, before).faults]


def test_text_is_text_and_bytes_are_base64() -> None:
    assert faults(data={"a": "not base64!"}, binaryData={"b": "/w=="}) == []
    assert faults(binaryData={"b": "!"}) == ['binaryData[b]: Invalid value: "string": must be base64']


def test_a_key_is_in_one_of_them_only() -> None:
    assert faults(data={"a": ""}, binaryData={"a": ""}) == [
        'data[a]: Invalid value: "a": duplicate of key present in binaryData'
    ]


def test_a_value_is_text() -> None:
    assert faults(data={"port": 80}) == [
        'data.port: Invalid value: "integer": data.port in body must be of type string: "integer"'
    ]


def test_all_of_it_is_a_mebibyte_at_most() -> None:
    assert faults(data={"a": "a" * 2**20}) == []
    assert faults(data={"a": "a" * 2**20}, binaryData={"b": "/w=="}) == ["Too long: may not be more than 1048576 bytes"]


def test_what_is_sealed_keeps_its_data() -> None:
    sealed = {"data": {"a": "a"}, "immutable": True}
    rule = "field is immutable when `immutable` is set"
    assert faults(sealed, **sealed, binaryData={"b": ""}) == [f"binaryData: Forbidden: {rule}"]
