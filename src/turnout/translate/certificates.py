"""Certificates that references lead to: key pairs of listeners, and authorities of model servers."""

import ipaddress
from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import sha256

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from msgspec import Struct

from turnout.resources.gateway import Listener
from turnout.resources.kinds import GATEWAY_GROUP
from turnout.resources.references import SecretObjectReference
from turnout.resources.secret import Secret
from turnout.table import Certificate, ObjectRef, Sealed
from turnout.translate.destinations import Unresolved
from turnout.translate.grants import Grants

TLS_TYPE = "kubernetes.io/tls"
GATEWAY = (GATEWAY_GROUP, "Gateway")


class Keyring(Struct, frozen=True):
    """The Secrets by key, and who may refer to those of another namespace."""

    secrets: Mapping[str, Secret] = {}
    grants: Grants = Grants()


class KeyPairs(Struct, frozen=True):
    """What a listener's references lead to: its certificates, their texts by digest, and what leads nowhere."""

    certificates: tuple[Certificate, ...] = ()
    vault: dict[str, Sealed] = {}
    faults: tuple[Unresolved, ...] = ()


def key_pairs(listener: Listener, namespace: str, keyring: Keyring) -> KeyPairs:
    """The certificates of a listener of a Gateway in `namespace`."""
    found: list[Certificate] = []
    vault: dict[str, Sealed] = {}
    faults: list[Unresolved] = []
    for reference in listener.tls.certificate_refs if listener.tls is not None else ():
        outcome = _key_pair(reference, namespace, keyring)
        if isinstance(outcome, Unresolved):
            faults.append(outcome)
        else:
            certificate, sealed = outcome
            found.append(certificate)
            vault[certificate.digest] = sealed
    return KeyPairs(tuple(found), vault, tuple(faults))


def authorities_fault(text: bytes) -> str:
    """Why `text` holds no certificates of authorities; empty if it does."""
    try:
        found = x509.load_pem_x509_certificates(text)
    except ValueError:
        return "it holds no certificate as PEM"
    return "" if found else "it holds no certificate as PEM"


def digest_of(*texts: bytes) -> str:
    """The name under which they are in the vault."""
    return sha256(b"\0".join(texts)).hexdigest()


def _key_pair(
    reference: SecretObjectReference, namespace: str, keyring: Keyring
) -> tuple[Certificate, Sealed] | Unresolved:
    ref = ObjectRef(reference.group, reference.kind, reference.namespace or namespace, reference.name)
    if (ref.group, ref.kind) != ("", "Secret"):
        kind = f"{ref.group}/{ref.kind}" if ref.group else ref.kind
        return _invalid(f"{kind} {ref.name} cannot be a certificate: only a Secret can")
    if not keyring.grants.permit(namespace, ref, GATEWAY):
        # Before the look-up: whether another namespace holds the Secret is not for this one to learn.
        message = f"Secret {ref.name} is in another namespace ({ref.namespace}), and no ReferenceGrant there"
        return Unresolved("RefNotPermitted", f"{message} permits it to Gateways of {namespace}")
    secret = keyring.secrets.get(ref.key)
    if secret is None:
        return _invalid(f"Secret {ref.key} not found")
    if secret.type != TLS_TYPE:
        return _invalid(f"Secret {ref.key} is of type {secret.type}: only {TLS_TYPE} can be used")
    chain, key = secret.value("tls.crt") or b"", secret.value("tls.key") or b""
    read = read_key_pair(chain, key)
    if isinstance(read, str):
        return _invalid(f"Secret {ref.key}: {read}")
    certificate = Certificate(ref, read.digest, read.names, read.algorithm)
    return certificate, Sealed(chain.rstrip(b"\n") + b"\n" + key)


class Read(Struct, frozen=True):
    """What is said of a key pair; nothing of it is secret."""

    digest: str
    names: tuple[str, ...]
    algorithm: str


def read_key_pair(chain: bytes, key: bytes) -> Read | str:
    """What the certificate says, or why it cannot be used with that key. No text of either is in the answer."""
    return _remembered(_Pair(digest_of(chain, key), chain, key))


class _Pair:
    """A key pair that is known by its digest: what is remembered of it holds no key for longer than it must."""

    __slots__ = ("chain", "digest", "key")

    def __init__(self, digest: str, chain: bytes, key: bytes) -> None:
        self.digest, self.chain, self.key = digest, chain, key

    def __hash__(self) -> int:
        return hash(self.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Pair) and other.digest == self.digest


@lru_cache(512)
def _remembered(pair: _Pair) -> Read | str:
    outcome = _read(pair)
    pair.chain = pair.key = b""
    return outcome


def _read(pair: _Pair) -> Read | str:
    try:
        chain = x509.load_pem_x509_certificates(pair.chain)
    except ValueError:
        return "tls.crt holds no certificate as PEM"
    try:
        key = serialization.load_pem_private_key(pair.key, None)
    except TypeError:
        return "tls.key is encrypted"
    except (ValueError, UnsupportedAlgorithm):
        return "tls.key holds no private key as PEM"
    algorithm = _algorithm(key)
    if not algorithm:
        return "tls.key is of a kind that TLS does not use: RSA, ECDSA and EdDSA are"
    try:
        matches = chain[0].public_key() == key.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return "tls.crt has a public key that cannot be read"
    if not matches:
        return "tls.key does not belong to the certificate in tls.crt"
    return Read(pair.digest, tuple(_names(chain[0])), algorithm)


def _algorithm(key: object) -> str:
    if isinstance(key, rsa.RSAPrivateKey):
        return "RSA"
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return "ECDSA"
    return "EdDSA" if isinstance(key, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey) else ""


def _names(certificate: x509.Certificate) -> Iterable[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return ()
    addresses = (str(ipaddress.ip_address(str(each))) for each in found.get_values_for_type(x509.IPAddress))
    return dict.fromkeys((*(name.lower() for name in found.get_values_for_type(x509.DNSName)), *addresses))


def _invalid(message: str) -> Unresolved:
    return Unresolved("InvalidCertificateRef", message)
