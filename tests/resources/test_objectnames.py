"""Names, labels and annotations of objects."""

from typing import Any

import pytest

from tests.support.admission import KIND, document
from turnout.resources.admit import admit


def metadata_faults(kind: str, **metadata: Any) -> list[str]:
    whole = document(kind)
    whole["metadata"] = {"name": "it", **metadata}
    return [str(fault) for fault in admit(KIND[kind], whole).faults]


@pytest.mark.parametrize("name", ["a", "a-1", "a.b.c", "1a", "a" * 253])
def test_a_name_is_a_dns_subdomain(name: str) -> None:
    assert metadata_faults("HTTPRoute", name=name) == []


@pytest.mark.parametrize("name", ["A", "a_b", "-a", "a-", "a..b", "a/b", "a\n"])
def test_anything_else_is_no_name(name: str) -> None:
    (fault,) = metadata_faults("HTTPRoute", name=name)
    assert "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'" in fault


def test_a_name_is_not_too_long() -> None:
    (fault,) = metadata_faults("HTTPRoute", name="a" * 254)
    assert fault.endswith(": must be no more than 253 characters")


def test_a_namespace_is_named_by_a_label() -> None:
    (fault,) = metadata_faults("Namespace", name="a.b")
    assert "a lowercase RFC 1123 label must consist of" in fault


def test_a_name_is_required() -> None:
    assert metadata_faults("HTTPRoute", name="") == ["metadata.name: Required value: name or generateName is required"]


def test_metadata_is_as_good_as_a_name_is() -> None:
    whole = document("HTTPRoute")
    del whole["metadata"]
    (fault,) = admit(KIND["HTTPRoute"], whole).faults
    assert fault.field == "metadata.name"


def test_a_name_may_be_left_to_the_api() -> None:
    assert metadata_faults("HTTPRoute", name="", generateName="it-") == []


def test_an_object_without_a_namespace_is_in_none() -> None:
    assert metadata_faults("GatewayClass", namespace="x") == ["metadata.namespace: Forbidden: not allowed on this type"]


def test_the_namespace_is_a_label() -> None:
    (fault,) = metadata_faults("Gateway", namespace="a.b")
    assert fault.startswith('metadata.namespace: Invalid value: "a.b": a lowercase RFC 1123 label')


@pytest.mark.parametrize("key", ["app", "app.kubernetes.io/name", "A_b.c"])
def test_a_label_may_have_a_prefix(key: str) -> None:
    assert metadata_faults("Gateway", labels={key: "v"}, annotations={key: "any thing"}) == []


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("", "name part must be non-empty"),
        ("/a", "prefix part must be non-empty"),
        ("a/", "name part must be non-empty"),
        ("a b", "name part must consist of"),
        ("a" * 64, "name part must be no more than 63 characters"),
        ("a_b/c", "prefix part a lowercase RFC 1123 subdomain must"),
    ],
)
@pytest.mark.parametrize("where", ["labels", "annotations"])
def test_anything_else_is_no_key(key: str, words: str, where: str) -> None:
    (fault,) = metadata_faults("Gateway", **{where: {key: "v"}})
    assert fault.startswith(f'metadata.{where}: Invalid value: "{key}": {words}')


@pytest.mark.parametrize("value", ["a b", "-a", "a" * 64])
def test_a_label_has_a_short_plain_value(value: str) -> None:
    (fault,) = metadata_faults("Gateway", labels={"app": value})
    assert fault.startswith(f'metadata.labels: Invalid value: "{value}": ')


def test_annotations_are_bounded_in_all() -> None:
    assert metadata_faults("Gateway", annotations={"a": "x" * (256 * 1024)}) == [
        "metadata.annotations: Too long: may not be more than 262144 bytes"
    ]


def test_a_label_that_is_a_number_is_of_the_wrong_type() -> None:
    (fault,) = metadata_faults("Gateway", labels={"app": 1})
    assert fault == (
        'metadata.labels.app: Invalid value: "integer": metadata.labels.app in body must be of type string: "integer"'
    )
