"""Bodies as kubectl 1.32 sends them."""

import pytest

from turnout.apiserver.protobuf.messages import UndescribedError, read_object
from turnout.apiserver.protobuf.wire import WireError

META = b'\n\x11\n\x01a\x12\x00\x1a\x00"\x00*\x002\x008\x00B\x00'


def test_create_namespace() -> None:
    body = b'k8s\x00\n\x0f\n\x02v1\x12\tNamespace\x12\x19\n\x11\n\x01x\x12\x00\x1a\x00"\x00*\x002\x008\x00B\x00\x12\x00'

    found = read_object(body + b'\x1a\x02\n\x00\x1a\x00"\x00')

    assert found == {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "x"}}


def test_create_configmap() -> None:
    body = b"k8s\x00\n\x0f\n\x02v1\x12\tConfigMap\x12\x1b" + META + b'\x12\x06\n\x01a\x12\x01b\x1a\x00"\x00'

    found = read_object(body)

    assert found == {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a": "b"}}


def test_create_secret_has_base64() -> None:
    body = b"k8s\x00\n\x0c\n\x02v1\x12\x06Secret\x12\x1d" + META + b'\x12\x06\n\x01a\x12\x01b\x1a\x00\x1a\x00"\x00'

    found = read_object(body)

    assert found == {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "data": {"a": "Yg=="}}


def test_auth_can_i() -> None:
    head = b"k8s\x00\n2\n\x17authorization.k8s.io/v1\x12\x17SelfSubjectAccessReview"
    meta = b'\x12<\n\x10\n\x00\x12\x00\x1a\x00"\x00*\x002\x008\x00B\x00'
    spec = b'\x12\x1e\n\x1c\n\x07default\x12\x03get\x1a\x00"\x00*\x04pods2\x00:\x00'

    found = read_object(head + meta + spec + b'\x1a\x08\x08\x00\x12\x00\x1a\x00 \x00\x1a\x00"\x00')

    assert found["spec"] == {"resourceAttributes": {"namespace": "default", "verb": "get", "resource": "pods"}}


def test_a_custom_kind_has_no_protobuf_form() -> None:
    with pytest.raises(UndescribedError, match="HTTPRoute"):
        read_object(b"k8s\x00\n\x0f\n\x02v1\x12\tHTTPRoute")


def test_a_body_without_the_envelope_is_refused() -> None:
    with pytest.raises(WireError, match="does not begin"):
        read_object(b"{}")
