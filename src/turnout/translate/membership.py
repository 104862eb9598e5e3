"""Membership: the endpoints that each pool has. It travels beside the table, so that a server's coming is no swap."""

from collections.abc import Iterator, Mapping
from ipaddress import IPv6Address, ip_address
from typing import NamedTuple, TypeVar

from turnout.resources.inferencepool import InferencePool
from turnout.resources.modelserver import ModelServer
from turnout.resources.set import ResourceSet
from turnout.table.keyed import changed
from turnout.translate.accesses import Accesses
from turnout.translate.selectors import has_all

T = TypeVar("T", InferencePool, ModelServer)


class PoolMember(NamedTuple):
    """One endpoint: the ModelServer's key, `IP:PORT` (`[IP]:PORT` for IPv6), and its engine.

    `secured`: it is spoken to with TLS or a key, and never without.
    """

    name: str
    address: str
    engine: str
    secured: bool = False


NO_ACCESSES = Accesses()


def membership(
    resources: ResourceSet, addresses: Mapping[str, str], accesses: Accesses = NO_ACCESSES
) -> dict[str, tuple[PoolMember, ...]]:
    """The endpoints of every pool by key, sorted: the ModelServers of its namespace that its selector selects.

    A server that names its own port is one endpoint, any other one per target port of the pool. `addresses` holds the
    IP of each host name that is resolved; a server whose name is not has no endpoint yet. One whose
    references, or whose pool's, lead nowhere has none either: it is never spoken to in another way than it asks for.
    """
    by_namespace: dict[str, list[ModelServer]] = {}
    for _, server in sorted(resources.model_servers.items()):
        by_namespace.setdefault(server.metadata.namespace, []).append(server)
    return {
        key: tuple(
            member
            for server in by_namespace.get(pool.metadata.namespace, ())
            if key not in accesses.pool_faults
            and server.key not in accesses.server_faults
            and has_all(pool.spec.selector.match_labels, server.metadata.labels)
            for member in _members(server, pool, addresses, secured=accesses.secured(key, server.key))
        )
        for key, pool in sorted(resources.inference_pools.items())
    }


def same_members(before: ResourceSet, after: ResourceSet) -> bool:
    """Whether both have the same members, as far as a glance at what differs can tell: no status counts."""
    return _alike(before.inference_pools, after.inference_pools) and _alike(before.model_servers, after.model_servers)


def host_names(resources: ResourceSet) -> tuple[str, ...]:
    """The addresses of ModelServers that are host names, sorted: what somebody must resolve."""
    found = {server.spec.address for server in resources.model_servers.values()}
    return tuple(sorted(address for address in found if _ip(address) is None))


def _alike(before: Mapping[str, T], after: Mapping[str, T]) -> bool:
    return all(
        key in before
        and key in after
        and before[key].spec == after[key].spec
        and before[key].metadata.labels == after[key].metadata.labels
        for key in changed(before, after)
    )


def _members(
    server: ModelServer, pool: InferencePool, addresses: Mapping[str, str], *, secured: bool
) -> Iterator[PoolMember]:
    ip = _ip(server.spec.address) or _ip(addresses.get(server.spec.address, ""))
    if ip is None:
        return
    ports = (server.spec.port,) if server.spec.port is not None else sorted(p.number for p in pool.spec.target_ports)
    for port in ports:
        yield PoolMember(server.key, f"{ip}:{port}", server.spec.engine, secured)


def _ip(address: str) -> str | None:
    try:
        ip = ip_address(address)
    except ValueError:
        return None
    return f"[{ip}]" if isinstance(ip, IPv6Address) else str(ip)
