"""Key pairs: what is said of them, and why one cannot be used."""

import pytest
from cryptography.hazmat.primitives import serialization

from tests.support.certificates import rsa_pair
from tests.support.fixed_pairs import fixed_pair
from turnout.translate.certificates import Read, authorities_fault, read_key_pair

ONE = fixed_pair("a.example.com,B.example.com")
OTHER = fixed_pair("c.example.com")


def test_a_pair_says_its_names_and_its_kind() -> None:
    found = read_key_pair(ONE.certificate.encode(), ONE.key.encode())
    assert isinstance(found, Read)
    assert (found.names, found.algorithm) == (("a.example.com", "b.example.com"), "EdDSA")


def test_another_pair_has_another_digest() -> None:
    found = [read_key_pair(each.certificate.encode(), each.key.encode()) for each in (ONE, OTHER)]
    assert len({each.digest for each in found if isinstance(each, Read)}) == 2


def test_an_rsa_key_is_told_apart() -> None:
    pair = rsa_pair("a.test")
    found = read_key_pair(pair.certificate.encode(), pair.key.encode())
    assert isinstance(found, Read)
    assert found.algorithm == "RSA"


def encrypted(key: str) -> bytes:
    loaded = serialization.load_pem_private_key(key.encode(), None)
    form = serialization.PrivateFormat.PKCS8
    return loaded.private_bytes(serialization.Encoding.PEM, form, serialization.BestAvailableEncryption(b"word"))


@pytest.mark.parametrize(
    ("chain", "key", "why"),
    [
        (b"", ONE.key.encode(), "tls.crt holds no certificate as PEM"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", ONE.key.encode(), "tls.crt holds no"),
        (ONE.certificate.encode(), b"", "tls.key holds no private key as PEM"),
        (ONE.certificate.encode(), ONE.certificate.encode(), "tls.key holds no private key as PEM"),
        (ONE.certificate.encode(), encrypted(ONE.key), "tls.key is encrypted"),
        (ONE.certificate.encode(), OTHER.key.encode(), "tls.key does not belong to the certificate"),
    ],
)
def test_what_cannot_be_used_says_why(chain: bytes, key: bytes, why: str) -> None:
    found = read_key_pair(chain, key)
    assert isinstance(found, str)
    assert why in found


def test_authorities_are_certificates() -> None:
    assert authorities_fault(ONE.certificate.encode()) == ""
    assert authorities_fault(b"nothing")
