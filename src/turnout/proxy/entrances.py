"""TLS towards clients: which certificate a connection is shown, by its port and the name that it asks for.

A port has one context for as long as it is served; each handshake chooses among the certificates that are in force.
Sources: RFC 6066 section 3 (server_name), RFC 7301 (ALPN), RFC 9110 section 7.4 (421), Gateway API `Listener`.
"""

import logging
import os
import ssl
import tempfile
from collections.abc import Generator, Iterable, Mapping
from weakref import WeakKeyDictionary

from turnout.routing.places import Hosts
from turnout.table import Certificate, Listener, RoutingTable, Sealed

log = logging.getLogger("turnout.proxy")

Digests = tuple[str, ...]


def server_context() -> ssl.SSLContext:
    """The gateway's side of TLS 1.2 or later, without a certificate. It offers HTTP/1.1 and nothing else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_alpn_protocols(["http/1.1"])
    return context


class Shown:
    """What a listener shows: its certificates in order, those for the same names together in one context."""

    __slots__ = ("contexts", "hostname")

    def __init__(self, hostname: str, contexts: tuple[tuple[tuple[str, ...], ssl.SSLContext], ...]) -> None:
        self.hostname = hostname
        self.contexts = contexts

    def context(self, server_name: str) -> ssl.SSLContext | None:
        """The first whose certificate is for the name; the very first where none is."""
        for names, context in self.contexts:
            if server_name in names or f"*.{server_name.partition('.')[2]}" in names:
                return context
        return self.contexts[0][1] if self.contexts else None


class Entrance:
    """One port. `hosts` is replaced whole; `context` is what its connections begin with.

    `greeted` is the hostname of the listener that each connection's handshake was for.
    """

    __slots__ = ("context", "greeted", "hosts")

    def __init__(self) -> None:
        self.greeted: WeakKeyDictionary[ssl.SSLObject, str] = WeakKeyDictionary()
        self.hosts: Hosts[Shown] = Hosts()
        self.context = server_context()
        self.context.sni_callback = self._choose

    def _choose(self, connection: ssl.SSLObject, server_name: str | None, _: ssl.SSLContext) -> int | None:
        name = (server_name or "").lower()
        shown = self.hosts.best(name)
        context = shown.context(name) if shown is not None else None
        if shown is None or context is None:
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        connection.context = context
        self.greeted[connection] = shown.hostname
        return None

    def hostname_of(self, name: str) -> str | None:
        """The hostname of the listener that serves `name`; None where none does."""
        shown = self.hosts.best(name)
        return shown.hostname if shown is not None else None


class Entrances:
    """All ports with TLS. `build` prepares those of a table, `swap` puts them in force."""

    __slots__ = ("_contexts", "ports")

    def __init__(self) -> None:
        self.ports: dict[int, Entrance] = {}
        self._contexts: dict[Digests, ssl.SSLContext | None] = {}

    def build(self, table: RoutingTable) -> Generator[None, None, dict[int, Hosts[Shown]]]:
        """The table's certificates by port and hostname. Those that were read before are not read again."""
        contexts: dict[Digests, ssl.SSLContext | None] = {}
        found: dict[int, dict[str, Shown | None]] = {}
        for listener in table.listeners:
            if not listener.tls:
                continue
            shown: list[tuple[tuple[str, ...], ssl.SSLContext]] = []
            for group in _grouped(listener.tls):
                digests = tuple(each.digest for each in group)
                if digests not in contexts:
                    contexts[digests] = self._contexts.get(digests) or _loaded(listener, group, table.vault)
                    yield
                context = contexts[digests]
                if context is not None:
                    shown.append((group[0].names, context))
            hosts = found.setdefault(listener.served_port, {})
            hosts.setdefault(listener.hostname, Shown(listener.hostname, tuple(shown)))
        self._contexts = contexts
        return {port: Hosts[Shown]().revised(hosts) for port, hosts in found.items()}

    def swap(self, built: Mapping[int, Hosts[Shown]]) -> None:
        """Handshakes that begin from here on use them; open connections go on."""
        for port, hosts in built.items():
            entrance = self.ports.get(port)
            if entrance is None:
                entrance = self.ports[port] = Entrance()
            entrance.hosts = hosts
        for port in self.ports.keys() - built.keys():
            del self.ports[port]


def _grouped(certificates: Iterable[Certificate]) -> list[list[Certificate]]:
    """Certificates for the same names and with keys of several kinds are one choice: the client takes what it knows."""
    groups: list[list[Certificate]] = []
    for certificate in certificates:
        for group in groups:
            same = group[0].names == certificate.names
            if same and certificate.algorithm not in {each.algorithm for each in group}:
                group.append(certificate)
                break
        else:
            groups.append([certificate])
    return groups


def _loaded(listener: Listener, group: list[Certificate], vault: Mapping[str, Sealed]) -> ssl.SSLContext | None:
    """A context with these certificates, or None: one that cannot be used takes nothing else down."""
    context = server_context()
    for certificate in group:
        try:
            load(context, vault[certificate.digest].value)
        except (KeyError, ssl.SSLError, OSError) as error:
            what = f"Secret {certificate.ref.key} for listener {listener.name} of Gateway {listener.gateway.key}"
            log.error("%s cannot be used: %s", what, type(error).__name__)  # noqa: TRY400 - no text of a key's in a log
            return None
    return context


def load(context: ssl.SSLContext, pem: bytes) -> None:
    """Loads a chain and its key, which `ssl` takes from files only: this one is on no disk where the system allows."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("certificate")
        try:
            with open(descriptor, "wb", closefd=False) as file:
                file.write(pem)
            context.load_cert_chain(f"/dev/fd/{descriptor}")
        finally:
            os.close(descriptor)
        return
    with tempfile.NamedTemporaryFile() as file:
        file.write(pem)
        file.flush()
        context.load_cert_chain(file.name)
