"""What lets clients of an API over TLS in: a CA of its own, its certificate and a token, kept in one private folder.

Beside the state: they last across restarts, so that a copied kubeconfig goes on working.
"""

import ipaddress
import os
import secrets
import socket
import ssl
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from turnout.apiserver import certificates
from turnout.apiserver.certificates import AUTHORITY_MARGIN, SERVER_MARGIN, Issued

LOOPBACK = ("127.0.0.1", "::1", "localhost")
TOKEN_BYTES = 32


class Credentials(Struct, frozen=True):
    """PEM texts and the token. `authority` and `token` are what a client needs; `key` is the server's alone."""

    authority: str
    certificate: str
    key: str
    token: str


class CredentialsFolder:
    """A folder, readable by this user alone, with the credentials of one API."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pair = path / "server.pem"

    def keep(self, names: Iterable[str], now: datetime, *, same_authority: bool = False) -> Credentials:
        """The credentials, made where they are missing, soon to end, or not for all of `names`. Raises OSError.

        With `same_authority` a CA that is there stays, however soon it ends.
        """
        for each in (self._path.parent, self._path):  # one by one: `parents` would make the first readable to all
            each.mkdir(parents=True, exist_ok=True, mode=0o700)
        authority, wanted = self._authority(now, same=same_authority), frozenset(names)
        server = self._read("server")
        if server is None or not _serves(server, authority, wanted, now):
            server = certificates.new_server(authority, sorted(wanted), now)
            self._write("server", server)
        return Credentials(authority.certificate, server.certificate, server.key, self._token())

    def load_into(self, context: ssl.SSLContext) -> None:
        """Gives the server's certificate to `context`, for handshakes from here on."""
        context.load_cert_chain(self._pair)

    def _authority(self, now: datetime, *, same: bool) -> Issued:
        found = self._read("ca")
        if found is None or not (same or certificates.lasts(found.certificate, now + AUTHORITY_MARGIN)):
            found = certificates.new_authority(now)
            self._write("ca", found)
        return found

    def _token(self) -> str:
        path = self._path / "token"
        found = path.read_text(encoding="ascii").strip() if path.exists() else ""
        if not found:
            found = secrets.token_urlsafe(TOKEN_BYTES)
            _write_private(path, found + "\n")
        return found

    def _read(self, name: str) -> Issued | None:
        path = self._path / f"{name}.pem"
        if not path.exists():
            return None
        end = "-----END CERTIFICATE-----\n"
        certificate, found, key = path.read_text(encoding="ascii").partition(end)
        issued = Issued(certificate + found, key)
        return issued if certificates.is_whole(issued) else None

    def _write(self, name: str, issued: Issued) -> None:
        # In one file, so that no crash can leave a certificate with another's key.
        _write_private(self._path / f"{name}.pem", issued.certificate + issued.key)


def _serves(server: Issued, authority: Issued, names: frozenset[str], now: datetime) -> bool:
    return (
        certificates.lasts(server.certificate, now + SERVER_MARGIN)
        and names <= certificates.names_of(server.certificate)
        and certificates.signed_by(server.certificate, authority.certificate)
    )


def _write_private(path: Path, text: str) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def server_context(folder: CredentialsFolder) -> ssl.SSLContext:
    """TLS 1.2 or newer with the folder's certificate, for HTTP/1.1. Raises OSError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    folder.load_into(context)
    return context


def names_for(*hosts: str) -> frozenset[str]:
    """What a server bound to `hosts` may be called: those, loopback, and this machine's name and addresses."""
    machine = socket.gethostname()
    found = {*LOOPBACK, *(_canonical(each) for each in hosts), *_own_addresses()}
    return frozenset(found | ({machine.lower()} if _is_name(machine) else set()))


def is_loopback(listening: socket.socket) -> bool:
    """Whether only this machine can reach the socket."""
    return ipaddress.ip_address(_canonical(listening.getsockname()[0])).is_loopback


def utc_now() -> datetime:
    """The time that certificates are judged by."""
    return datetime.now(UTC)


def _canonical(host: str) -> str:
    bare = host.partition("%")[0]
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        return bare.lower()


def _is_name(text: str) -> bool:
    return text.isascii() and all(part and len(part) < 64 for part in text.split("."))


def _own_addresses() -> set[str]:
    """The addresses from which this machine would reach others; a UDP socket that connects sends nothing."""
    found = set()
    for family, elsewhere in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as asking:
                asking.connect((elsewhere, 9))
                found.add(_canonical(asking.getsockname()[0]))
        except OSError:
            continue
    return found
