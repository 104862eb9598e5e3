"""Certificates for tests: an authority, and what it signs."""

import base64
import datetime
import ssl
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from turnout.apiserver.certificates import Issued, new_authority, new_server

NOW = datetime.datetime.now(datetime.UTC)


class Authority:
    """A CA of its own; `trust` is its certificate."""

    def __init__(self) -> None:
        self._issued = new_authority(NOW)
        self.trust = self._issued.certificate

    def server(self, *names: str) -> Issued:
        """A certificate for these names, with a P-256 key."""
        return new_server(self._issued, names, NOW)

    def client_context(self, newest: ssl.TLSVersion | None = None) -> ssl.SSLContext:
        """A client that trusts it, and nobody else."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=self.trust)
        context.set_alpn_protocols(["h2", "http/1.1"])
        if newest is not None:
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = newest
            context.set_ciphers("ALL:@SECLEVEL=0")
        return context


def server_context(issued: Issued, folder: Any) -> ssl.SSLContext:
    """A server that shows this certificate; `folder` (a Path) takes the key."""
    path = folder / f"{id(issued)}.pem"
    path.write_text(issued.certificate + issued.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def encoded(text: str | bytes) -> str:
    """As a Secret's data has it."""
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def tls_secret(name: str, issued: Issued, namespace: str = "default") -> dict[str, Any]:
    """The Secret of a key pair."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace},
        "type": "kubernetes.io/tls",
        "data": {"tls.crt": encoded(issued.certificate), "tls.key": encoded(issued.key)},
    }


def rsa_pair(name: str) -> Issued:
    """A certificate for `name` that signs itself, with an RSA key."""
    key = rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - datetime.timedelta(days=1))
        .not_valid_after(NOW + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Issued(built.public_bytes(serialization.Encoding.PEM).decode(), private.decode())
