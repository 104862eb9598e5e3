"""What it takes to speak to a model server: TLS, and a key. Not in any log."""

import ssl
from functools import lru_cache

from msgspec import Struct

from turnout.table import Access, RoutingTable


class Credentials(Struct, frozen=True):
    """With `tls` the server's certificate must bear `hostname`, where that is empty the address that is connected to.

    It must be signed by an authority in the PEM text `ca`, the system's where that is empty. `key` is the bearer token.
    """

    tls: bool = False
    hostname: str = ""
    ca: bytes = b""
    key: bytes = b""

    def __repr__(self) -> str:
        return f"Credentials(tls={self.tls}, hostname={self.hostname!r})"

    def context(self) -> ssl.SSLContext | None:
        """How to connect; None is without TLS."""
        return client_context(self.ca) if self.tls else None


PLAIN = Credentials()


def credentials_of(table: RoutingTable, access: Access) -> Credentials | None:
    """What `access` names, or None where the table does not hold that."""
    ca, key = table.vault.get(access.ca), table.vault.get(access.key)
    if (access.ca and ca is None) or (access.key and key is None):
        return None
    return Credentials(
        access.tls, access.hostname, ca.value if ca is not None else b"", key.value if key is not None else b""
    )


@lru_cache(64)
def client_context(ca: bytes) -> ssl.SSLContext:
    """A client's side of TLS 1.2 or later, which verifies. Raises ValueError where `ca` holds no certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if not ca:
        context.load_default_certs()
        return context
    try:
        context.load_verify_locations(cadata=ca.decode("latin-1"))
    except ssl.SSLError as error:
        raise ValueError(f"no certificates of authorities: {error}") from error
    return context
