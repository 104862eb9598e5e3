"""Secret: values that are base64, plain text that becomes so, and what is sealed."""

from typing import Any

import pytest

from tests.support.admission import KIND, document
from turnout.resources.admit import admit
from turnout.resources.decode import decode
from turnout.resources.secret import Secret


def admitted(**fields: Any) -> dict[str, Any]:
    admission = admit(KIND["Secret"], {**document("Secret"), **fields})
    assert not admission.faults, [str(fault) for fault in admission.faults]
    return {key: admission.document[key] for key in admission.document if key not in ("apiVersion", "kind", "metadata")}


def faults(old: dict[str, Any] | None = None, **fields: Any) -> list[str]:
    before = None if old is None else admit(KIND["Secret"], {**document("Secret"), **old}).document
    return [str(fault) for fault in admit(KIND["Secret"], {**document("Secret"), **fields}, before).faults]


def test_a_secret_is_opaque_by_default() -> None:
    assert admitted(data={"key": "YQ=="}) == {"type": "Opaque", "data": {"key": "YQ=="}}


def test_plain_text_becomes_data_and_goes_first() -> None:
    assert admitted(data={"a": "YQ==", "b": "YQ=="}, stringData={"b": "b", "c": "\u00fc"}) == {
        "type": "Opaque",
        "data": {"a": "YQ==", "b": "Yg==", "c": "w7w="},
    }


def test_plain_text_alone_makes_data() -> None:
    assert admitted(stringData={"a": "a"})["data"] == {"a": "YQ=="}


def test_no_plain_text_makes_none() -> None:
    assert admitted(stringData={}) == {"type": "Opaque"}


def test_plain_text_that_is_none_is_refused() -> None:
    assert faults(stringData={"a": 1}) == [
        'stringData.a: Invalid value: "integer": stringData.a in body must be of type string: "integer"'
    ]


@pytest.mark.parametrize("value", ["a", "YQ=", "hunter2!"])
def test_what_is_no_base64_is_refused_without_being_shown(value: str) -> None:
    assert faults(data={"key": value}) == ['data[key]: Invalid value: "string": must be base64']


def test_base64_may_be_broken_into_lines() -> None:
    assert faults(data={"key": "YWFh\nYWFh\n"}) == []


@pytest.mark.parametrize("key", ["a b", "a/b", "", ".."])
def test_a_key_can_be_the_name_of_a_file(key: str) -> None:
    (fault,) = faults(data={key: ""})
    assert fault.startswith(f"data[{key}]: Invalid value: ")


@pytest.mark.parametrize("kind", ["kubernetes.io/tls", "kubernetes.io/ssh-auth", "kubernetes.io/dockerconfigjson"])
def test_a_secret_of_a_known_type_has_what_the_type_is_for(kind: str) -> None:
    assert faults(type=kind)
    assert all(fault.startswith("data[") and fault.endswith("]: Required value") for fault in faults(type=kind))


def test_a_secret_holds_a_mebibyte_at_most() -> None:
    assert faults(data={"key": "A" * 1398100}) == []
    assert faults(data={"key": "A" * 1398104}) == ["data: Too long: may not be more than 1048576 bytes"]


def test_the_type_never_changes() -> None:
    assert faults({"type": "Opaque"}, type="a/b") == ['type: Invalid value: "a/b": field is immutable']


def test_what_is_sealed_keeps_its_data_and_its_seal() -> None:
    sealed = {"data": {"a": "YQ=="}, "immutable": True}
    rule = "field is immutable when `immutable` is set"
    assert faults(sealed, **sealed) == []
    assert faults(sealed, data={"a": "Yg=="}, immutable=True) == [f"data: Forbidden: {rule}"]
    assert faults(sealed, immutable=False) == [f"immutable: Forbidden: {rule}", f"data: Forbidden: {rule}"]


def test_data_may_change_until_they_are_sealed() -> None:
    assert faults({"data": {"a": "YQ=="}}, data={"a": "Yg=="}, immutable=True) == []


def test_a_value_is_read_as_bytes() -> None:
    whole = admit(KIND["Secret"], {**document("Secret"), "data": {"a": "/w=="}}).document
    secret = decode(KIND["Secret"], whole)
    assert isinstance(secret, Secret)
    assert (secret.value("a"), secret.value("b")) == (b"\xff", None)
