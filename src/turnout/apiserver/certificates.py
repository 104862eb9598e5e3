"""Certificates of the API: a CA of its own, and a server certificate that it signs. Keys are P-256, times are UTC."""

import ipaddress
from collections.abc import Iterable
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from msgspec import Struct

AUTHORITY_LIFE = timedelta(days=3650)
SERVER_LIFE = timedelta(days=365)
AUTHORITY_MARGIN = timedelta(days=400)
"""A CA that ends sooner than this is replaced: it must outlive what it signs."""
SERVER_MARGIN = timedelta(days=30)
SKEW = timedelta(hours=1)
"""How far behind a client's clock may be."""


class Issued(Struct, frozen=True):
    """A certificate and its private key, as PEM."""

    certificate: str
    key: str


def new_authority(now: datetime) -> Issued:
    """A CA that signs server certificates and nothing else."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "turnout")])
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    built = (
        _builder(name, name, key.public_key(), now, AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return Issued(_text(built.sign(key, hashes.SHA256())), _key_text(key))


def new_server(authority: Issued, names: Iterable[str], now: datetime) -> Issued:
    """A server certificate for `names`, addresses and host names alike, signed by the CA."""
    signer = x509.load_pem_x509_certificate(authority.certificate.encode())
    signing = serialization.load_pem_private_key(authority.key.encode(), None)
    assert isinstance(signing, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "turnout-api")])
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key())
    built = (
        _builder(name, signer.subject, key.public_key(), now, SERVER_LIFE)
        .add_extension(x509.SubjectAlternativeName([_general(each) for each in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(identifier, critical=False)
    )
    return Issued(_text(built.sign(signing, hashes.SHA256())), _key_text(key))


def is_whole(issued: Issued) -> bool:
    """Whether both can be read and belong together."""
    try:
        certificate = x509.load_pem_x509_certificate(issued.certificate.encode())
        key = serialization.load_pem_private_key(issued.key.encode(), None)
    except ValueError:
        return False
    return certificate.public_key() == key.public_key()


def lasts(certificate: str, until: datetime) -> bool:
    """Whether the certificate is still good then."""
    return x509.load_pem_x509_certificate(certificate.encode()).not_valid_after_utc > until


def names_of(certificate: str) -> frozenset[str]:
    """The addresses and host names that the certificate is for."""
    loaded = x509.load_pem_x509_certificate(certificate.encode())
    found = loaded.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    addresses = (str(each) for each in found.get_values_for_type(x509.IPAddress))
    return frozenset((*addresses, *found.get_values_for_type(x509.DNSName)))


def signed_by(certificate: str, authority: str) -> bool:
    """Whether the CA signed the certificate."""
    signer = x509.load_pem_x509_certificate(authority.encode())
    try:
        x509.load_pem_x509_certificate(certificate.encode()).verify_directly_issued_by(signer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _builder(
    name: x509.Name, issuer: x509.Name, key: CertificatePublicKeyTypes, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(now + life)
    )


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _text(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key_text(key: ec.EllipticCurvePrivateKey) -> str:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()
