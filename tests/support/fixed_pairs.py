"""Key pairs that are the same at every run and in no file: golden cases name them, and hold none.

`$certificate(NAMES)` and `$key(NAMES)` stand for base64, as a Secret has it; `$pem(NAMES)` for a certificate's text.
NAMES are DNS names, with commas.
"""

import datetime
import json
import re
from functools import cache
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from tests.support.certificates import encoded
from turnout.apiserver.certificates import Issued

_MARK = re.compile(r"\$(certificate|key|pem)\(([^)]+)\)")
_BEGIN = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
_END = datetime.datetime(2126, 1, 1, tzinfo=datetime.UTC)


@cache
def fixed_pair(names: str) -> Issued:
    """A certificate that signs itself, and its key; both follow from the names (EdDSA signs without dice)."""
    key = ed25519.Ed25519PrivateKey.from_private_bytes(sha256(names.encode()).digest())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names.split(",", maxsplit=1)[0])])
    built = (
        x509.CertificateBuilder(subject, subject, key.public_key(), 7, _BEGIN, _END)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(each) for each in names.split(",")]), critical=False)
        .sign(key, None)
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Issued(built.public_bytes(serialization.Encoding.PEM).decode(), private.decode())


def with_pairs(text: str) -> str:
    """The YAML with what its marks stand for."""
    return _MARK.sub(_stood_for, text)


def _stood_for(mark: re.Match[str]) -> str:
    pair = fixed_pair(mark[2])
    if mark[1] == "pem":
        return json.dumps(pair.certificate)
    return encoded(pair.certificate if mark[1] == "certificate" else pair.key)
