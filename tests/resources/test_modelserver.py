"""ModelServer: where a server is and what it speaks."""

import pytest

from tests.support.admission import faults, spec_of


def test_an_engine_is_vllm_unless_it_says_otherwise() -> None:
    assert spec_of("ModelServer") == {"address": "127.0.0.1", "port": 9001, "engine": "vllm"}


def test_a_port_is_optional() -> None:
    assert "port" not in spec_of("ModelServer", port=None)


@pytest.mark.parametrize("address", ["10.0.0.1", "::1", "2001:db8::1", "localhost", "gpu-0.rack-3.example", "1a"])
def test_an_address_is_an_ip_or_a_host_name(address: str) -> None:
    assert faults("ModelServer", address=address) == []


@pytest.mark.parametrize("address", ["10.0.0", "10.0.0.256", "127.0.0.1:9001", "http://a", "a b", "A", "fe80::1%eth0"])
def test_anything_else_is_no_address(address: str) -> None:
    assert faults("ModelServer", address=address) == [
        (
            f'spec.address: Invalid value: "{address}": '
            "must be an IP address or a host name (lowercase RFC 1123); a port goes into spec.port"
        )
    ]


def test_tls_and_a_key_may_be_asked_for() -> None:
    extras = {"tls": {"hostname": "gpu.example"}, "apiKeySecretRef": {"name": "keys"}}
    assert spec_of("ModelServer", **extras)["apiKeySecretRef"] == {"name": "keys", "key": "apiKey"}
