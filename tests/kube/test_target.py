import ssl
from pathlib import Path

import pytest

from tests.support.objects import GATEWAY_CLASSES, NAMESPACES, ROUTES
from turnout.kube.target import Target, path_of


def test_a_namespaced_object_has_its_namespace_in_the_path() -> None:
    assert path_of(ROUTES, "a", "x", "status") == "/apis/gateway.networking.k8s.io/v1/namespaces/a/httproutes/x/status"


def test_no_namespace_means_all_of_them() -> None:
    assert path_of(ROUTES) == "/apis/gateway.networking.k8s.io/v1/httproutes"


def test_a_core_kind_is_under_api() -> None:
    assert path_of(NAMESPACES, "", "x") == "/api/v1/namespaces/x"


def test_a_cluster_scoped_kind_has_no_namespace() -> None:
    assert path_of(GATEWAY_CLASSES, "a", "x") == "/apis/gateway.networking.k8s.io/v1/gatewayclasses/x"


def test_a_token_file_is_read_each_time(tmp_path: Path) -> None:
    file = tmp_path / "token"
    target = Target("https://host", token_file=str(file))
    for token in ("first", "second"):
        file.write_text(f"{token}\n")
        assert target.bearer() == token


def test_plain_http_has_no_tls() -> None:
    assert Target("http://host").tls() is None


def test_a_server_is_checked_unless_told_otherwise() -> None:
    checked, unchecked = Target("https://host").tls(), Target("https://host", insecure=True).tls()
    assert checked is not None
    assert checked.verify_mode is ssl.CERT_REQUIRED
    assert checked.check_hostname
    assert unchecked is not None
    assert unchecked.verify_mode is ssl.CERT_NONE


def test_a_ca_that_is_no_certificate_is_refused() -> None:
    with pytest.raises(ssl.SSLError):
        Target("https://host", authority="no certificate").tls()
